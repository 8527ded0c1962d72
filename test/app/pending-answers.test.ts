import { assert } from 'chai'
import { describe, it } from 'mocha'
import { PendingAnswers } from '../../src/app/pending-answers.js'
import { FakeClock } from '../fakes/fake-clock.js'

describe('PendingAnswers', () => {
  it('passes each answer to the question with its key', async () => {
    const answers = new PendingAnswers<number, string>()
    const [first, second] = [answers.expect(1), answers.expect(2)]
    answers.resolve(2, 'two')
    answers.resolve(1, 'one')
    assert.deepEqual(await Promise.all([first, second]), ['one', 'two'])
  })

  it('passes a failure on', async () => {
    const answers = new PendingAnswers<number, string>()
    const answer = answers.expect(1)
    const error = new Error('Cannot answer')
    answers.reject(1, error)
    assert.equal(await answer.catch((each: unknown) => each), error)
  })

  it('knows the promise of a pending answer until it is settled', () => {
    const answers = new PendingAnswers<string, string>()
    const answer = answers.expect('snapshot')
    assert.equal(answers.get('snapshot'), answer)
    answers.resolve('snapshot', 'done')
    assert.isUndefined(answers.get('snapshot'))
  })

  it('uses the fallback when the time is over, and ignores the late answer', async () => {
    const [answers, clock] = [new PendingAnswers<number, string>(), new FakeClock()]
    const answer = answers.expect(1, { clock, timeoutMs: 100, fallback: () => 'fallback' })
    clock.advance(100)
    answers.resolve(1, 'late')
    assert.equal(await answer, 'fallback')
  })

  it('stops the timer when the answer arrives', async () => {
    const [answers, clock] = [new PendingAnswers<number, string>(), new FakeClock()]
    const answer = answers.expect(1, { clock, timeoutMs: 100, fallback: () => 'fallback' })
    answers.resolve(1, 'in time')
    assert.deepEqual([await answer, clock.pending], ['in time', 0])
  })

  it('ignores an answer to no question', () => {
    const answers = new PendingAnswers<number, string>()
    answers.resolve(1, 'unasked')
    answers.reject(2, new Error('unasked'))
  })
})
