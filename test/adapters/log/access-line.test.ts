import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { jsonAccessLine, plainAccessLine } from '../../../src/adapters/log/access-line.js'
import { exchangeOf } from '../../fakes/exchange.js'

const TIME = '2026-01-31T12:00:00.000Z'
const json = jsonAccessLine('selectors', 0)
const plain = plainAccessLine('selectors', 0)

/** Letters, characters with a meaning in a line, characters that break a line, and any other code unit. */
const special = Array.from('a/"\\= {}\n\r\t\0\x1b\x7f\x85é\u2028\u2029\ufeff\u202e\ud800\udc00😀')
const codeUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit))
const hostile = fc.array(fc.oneof(fc.constantFrom(...special), codeUnit)).map((pieces) => pieces.join(''))

describe('jsonAccessLine()', () => {
  it('writes the documented keys in the documented order', () => {
    assert.equal(
      json(TIME, exchangeOf()),
      '{"time":"2026-01-31T12:00:00.000Z","engine":"selectors","worker":0,"thread":0,"connection":3,' +
        '"request":"k3j9-1","trace":"4bf92f3577b34da6a3ce929d0e0e4736","phase":"running",' +
        '"peer":"127.0.0.1:51234","method":"GET","target":"/users/7?full=1","route":"GET /users/:id",' +
        '"status":200,"bytesIn":120,"bytesOut":512,"durationMs":1.5,"outcome":"completed"}\n',
    )
  })

  it('contains the number of the worker process and of the thread', () => {
    const line = jsonAccessLine('threadpool', 2)(TIME, exchangeOf({ thread: 3 }))
    assert.deepInclude(JSON.parse(line), { engine: 'threadpool', worker: 2, thread: 3 })
  })

  it('writes any text as one line of visible ASCII that can be read back', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (method, target, route) => {
        const line = json(TIME, exchangeOf({ method, target, peer: target, routeName: route }))
        assert.match(line, /^[ -~]+\n$/)
        const read = JSON.parse(line) as Record<string, unknown>
        assert.deepInclude(read, { method, target, peer: target, route })
        assert.equal(read['outcome'], 'completed')
      }),
    )
  })

  const durations: [durationMs: number, expected: string, rule: string][] = [
    [0, '0', 'no time is 0'],
    [-0.5, '0', 'a negative duration is 0'],
    [Number.NaN, '0', 'an unknown duration is 0'],
    [0.0004, '0', 'less than half a microsecond is 0'],
    [0.0006, '0.001', 'the rest is rounded to microseconds'],
    [0.05, '0.05', 'no zeros at the end'],
    [1.9999, '2', 'rounding carries over'],
    [12.345678, '12.346', 'at most three decimals'],
    [86_400_000.5, '86400000.5', 'a day fits'],
  ]
  for (const [durationMs, expected, rule] of durations) {
    it(`writes durations: ${rule}`, () => {
      assert.include(json(TIME, exchangeOf({ durationMs })), `"durationMs":${expected},`)
    })
  }

  it('writes every duration within half a microsecond', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (durationMs) => {
        const read = JSON.parse(json(TIME, exchangeOf({ durationMs }))) as { durationMs: number }
        assert.closeTo(read.durationMs, durationMs, 0.000501)
      }),
    )
  })
})

describe('plainAccessLine()', () => {
  it('begins with the most important facts', () => {
    assert.equal(
      plain(TIME, exchangeOf()),
      '2026-01-31T12:00:00.000Z 127.0.0.1:51234 "GET /users/7?full=1" 200 completed 1.5ms in=120 out=512 ' +
        'route="GET /users/:id" connection=3 request=k3j9-1 trace=4bf92f3577b34da6a3ce929d0e0e4736 phase=running ' +
        'engine=selectors\n',
    )
  })

  const places: [worker: number, thread: number, end: string, rule: string][] = [
    [0, 0, 'engine=threadpool\n', 'an only process and its event loop'],
    [2, 0, 'engine=threadpool worker=2\n', 'a worker process'],
    [0, 3, 'engine=threadpool thread=3\n', 'a thread'],
    [2, 3, 'engine=threadpool worker=2 thread=3\n', 'a thread of a worker process'],
  ]
  for (const [worker, thread, end, rule] of places) {
    it(`ends with the place of the handler: ${rule}`, () => {
      const line = plainAccessLine('threadpool', worker)(TIME, exchangeOf({ thread }))
      assert.isTrue(line.endsWith(` phase=running ${end}`), line)
    })
  }

  it('has the same words whatever the peer sends, because other text is quoted', () => {
    // A word is visible ASCII without spaces, or quoted text with escaped quotes and backslashes.
    const quoted = '"(?:[ !#-\\[\\]-~]|\\\\["\\\\bfnrtu])*"'
    const word = `(?:[!#-\\[\\]-~]+|${quoted})`
    const shape = new RegExp(
      `^${TIME} ${word} ${quoted} 200 completed 1.5ms in=120 out=512 route=${word} connection=3 request=k3j9-1 ` +
        `trace=4bf92f3577b34da6a3ce929d0e0e4736 phase=running engine=selectors\n$`,
    )
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const special = { peer: one, method: other, target: one, routeName: other }
        assert.match(plain(TIME, exchangeOf(special)), shape)
      }),
    )
  })
})
