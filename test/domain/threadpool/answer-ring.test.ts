import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { AnswerRing, type RingAnswer } from '../../../src/domain/threadpool/answer-ring.js'

const answer = (text: string, request = 1): RingAnswer => ({
  request,
  costMs: 0.25,
  status: 201,
  fields: 'X-Latin: \u00e9\r\n',
  text,
})

/** Both sides of a ring. */
function sides(): { thread: AnswerRing; main: AnswerRing } {
  const main = new AnswerRing()
  return { main, thread: new AnswerRing(main.memory) }
}

describe('AnswerRing', () => {
  it('returns each answer once, in the order in which they were put', () => {
    const { thread, main } = sides()
    const answers = [answer('first'), answer('', 2 ** 31 - 1), { ...answer('bare'), status: 0, fields: '' }]
    for (const each of answers) assert.isTrue(thread.put(each))
    for (const each of answers) assert.deepEqual(main.take(), each)
    assert.isNull(main.take())
  })

  const refused: [rule: string, text: string][] = [
    ['a text that is too long', 'x'.repeat(8192)],
    ['a text outside of Latin-1', 'snow \u2603'],
    ['a Latin-1 text outside of ASCII, whose octets differ in UTF-8', 'caf\u00e9'],
  ]
  for (const [rule, text] of refused) {
    it(`refuses ${rule}`, () => {
      const { thread, main } = sides()
      assert.isFalse(thread.put(answer(text)))
      assert.isNull(main.take())
    })
  }

  it('refuses answers while it is full, and accepts more after some were taken', () => {
    const { thread, main } = sides()
    let put = 0
    while (thread.put(answer('x'.repeat(4000), put))) put++
    assert.isAtLeast(put, 30)
    assert.isFalse(thread.put(answer('x'.repeat(4000))))
    assert.equal(main.take()?.request, 0)
    assert.equal(main.take()?.request, 1)
    assert.isTrue(thread.put(answer('x'.repeat(4000))))
  })

  it('loses, repeats and mixes up no answer while it is filled and emptied many times over', () => {
    const step = fc.oneof(
      fc.record({ put: fc.integer({ min: 0, max: 8100 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 12 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 150 }), (steps) => {
        const { thread, main } = sides()
        const pending: RingAnswer[] = []
        for (const [number, each] of [...steps, { take: 200 }].entries()) {
          if ('put' in each) {
            const next = answer(String(number).repeat(each.put).slice(0, each.put), number)
            if (thread.put(next)) pending.push(next)
          } else {
            for (const next of pending.splice(0, each.take)) assert.deepEqual(main.take(), next)
          }
        }
        assert.isNull(main.take())
      }),
    )
  })
})
