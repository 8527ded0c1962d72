import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  colouredEventLine,
  jsonEventLine,
  plainEventLine,
  type EventLine,
} from '../../../src/adapters/log/event-line.js'
import { Sink } from '../../../src/adapters/log/sink.js'
import { WinstonEventLog } from '../../../src/adapters/log/winston-event-log.js'
import type { Facts } from '../../../src/ports/operations/event-log.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import { eventLogContract } from '../../contract/event-log.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { ManualOutput } from './manual-output.js'

const TIME = '2026-01-31T12:00:00.000Z'

function setUp(line: EventLine, level: Settings['log']['level']): { log: WinstonEventLog; lines: () => string[] } {
  const clock = new FakeClock()
  const output = new ManualOutput()
  const log = WinstonEventLog.into(new Sink(output, clock), clock, line, level)
  const lines = (): string[] => {
    clock.advance(100)
    return output.lines
  }
  return { log, lines }
}

function factsOf(line: string): Facts {
  const { time: _, level: __, event: ___, ...facts } = JSON.parse(line) as Record<string, unknown>
  return facts
}

describe('WinstonEventLog', () => {
  eventLogContract(() => {
    const { log, lines } = setUp(jsonEventLine, 'debug')
    const recorded = (): { level: string; event: string; facts: Facts }[] =>
      lines().map((line) => {
        const { level, event } = JSON.parse(line) as { level: string; event: string }
        const facts = factsOf(line)
        const { error } = facts as { error?: Error }
        return { level, event, facts: error === undefined ? facts : { ...facts, error: error.message } }
      })
    return { log, recorded }
  })

  const levels: [level: Settings['log']['level'], expected: string[]][] = [
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ]
  for (const [level, expected] of levels) {
    it(`at level ${level} writes ${expected.join(', ') || 'nothing'}`, () => {
      const { log, lines } = setUp((_, each) => each, level)
      for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]('Event')
      assert.deepEqual(lines(), expected)
    })
  }

  it('appends an event before the call returns, so that none is lost with the process', () => {
    const clock = new FakeClock()
    const output = new ManualOutput()
    WinstonEventLog.into(new Sink(output, clock), clock, plainEventLine, 'info').info('Stopped')
    clock.advance(100)
    assert.deepEqual(output.lines, ['2026-01-01T00:00:00.000Z INFO  Stopped'])
  })

  it('logs the number of lines that the sink dropped', () => {
    const clock = new FakeClock()
    const output = new ManualOutput()
    const sink = new Sink(output, clock)
    const log = WinstonEventLog.into(sink, clock, plainEventLine, 'info')
    output.room = 0
    for (let i = 0; i < 1030; i++) log.info('x'.repeat(1024))
    output.room = Infinity
    clock.advance(5000)
    assert.match(output.lines.at(-1)!, /WARN {2}log lines dropped dropped=\d+$/)
  })

  it('accepts any value from a plugin in plain JavaScript', () => {
    const { log, lines } = setUp(jsonEventLine, 'info')
    log.error('Failed', new Error('of plain JavaScript') as unknown as Facts)
    log.info(undefined as unknown as string)
    const [first, second] = lines()
    assert.nestedPropertyVal(JSON.parse(first!), 'error.message', 'of plain JavaScript')
    assert.propertyVal(JSON.parse(second!), 'event', 'undefined')
  })
})

describe('jsonEventLine', () => {
  it('puts time, level and event first', () => {
    const line = jsonEventLine(TIME, 'info', 'Listening', { port: 8080, host: '::1' })
    assert.equal(line, `{"time":"${TIME}","level":"info","event":"Listening","port":8080,"host":"::1"}`)
  })

  it('renames facts with the names of its own keys', () => {
    const line = jsonEventLine(TIME, 'info', 'True', { level: 'error', event: 'Forged', time: 0, message: 'free' })
    assert.include(line, `"time":"${TIME}","level":"info","event":"True","facts.level":"error"`)
    assert.deepInclude(factsOf(line), { 'facts.event': 'Forged', 'facts.time': 0, message: 'free' })
  })

  it('writes errors with name, code, stack and cause, also nested ones', () => {
    const cause = Object.assign(new TypeError('the cause'), { code: 'EWHY' })
    const error = new Error('the effect', { cause })
    const facts = factsOf(jsonEventLine(TIME, 'error', 'Broken', { error, list: [error] })) as {
      error: Error
      list: Error[]
    }
    assert.deepInclude(facts.error, { name: 'Error', message: 'the effect' })
    assert.include(facts.error.stack, 'winston-event-log.test')
    assert.deepInclude(facts.error.cause, { name: 'TypeError', message: 'the cause', code: 'EWHY' })
    assert.deepEqual(facts.list, [facts.error])
  })

  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const odd: [value: unknown, rule: string][] = [
    [circular, 'a cycle'],
    [12n, 'a BigInt'],
    [() => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
    [{ toJSON: () => { throw new Error('no') } }, 'an object that refuses'], // prettier-ignore
    [{ toJSON: () => undefined }, 'an object that is nothing'],
  ]
  for (const [value, rule] of odd) {
    it(`describes ${rule} as text`, () => {
      assert.isString(factsOf(jsonEventLine(TIME, 'info', 'Odd', { value }))['value'])
    })
  }

  it('omits facts that are undefined', () => {
    assert.deepEqual(factsOf(jsonEventLine(TIME, 'info', 'Event', { absent: undefined, none: null })), { none: null })
  })

  it('writes any text as one line that can be read back', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, (event, value) => {
        const line = jsonEventLine(TIME, 'info', event, { value, nested: [value] })
        assert.notMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
        assert.deepInclude(JSON.parse(line), { event, value, nested: [value] })
      }),
    )
  })
})

describe('plainEventLine', () => {
  const cases: [facts: Facts, expected: string, rule: string][] = [
    [{}, '', 'no facts, nothing'],
    [{ port: 8080, ok: true, none: null }, ' port=8080 ok=true none=null', 'plain values as they are'],
    [{ at: '127.0.0.1:80', name: 'für' }, ' at=127.0.0.1:80 name=für', 'words as they are'],
    [{ said: 'two words' }, ' said="two words"', 'text with a space in quotes'],
    [{ said: '' }, ' said=""', 'empty text in quotes'],
    [{ said: 'a=b' }, ' said="a=b"', 'what looks like a fact in quotes'],
    [{ said: 'a\n2026 INFO forged\u2028\u202e' }, ' said="a\\n2026 INFO forged\\u2028\\u202e"', 'no line is forged'],
    [{ list: [1, 'a'] }, ' list=[1,"a"]', 'the rest as JSON'],
    [{ 'a b': 1, absent: undefined }, ' "a b"=1', 'names that are no words in quotes'],
  ]
  for (const [facts, expected, rule] of cases) {
    it(`writes ${rule}`, () => {
      assert.equal(plainEventLine(TIME, 'info', 'Event', facts), `${TIME} INFO  Event${expected}`)
    })
  }

  it('writes stacks below the line, indented, so that no line can be forged', () => {
    const error = new Error(`bad\n${TIME} INFO  Forged\r\x1b[2K`)
    const [first, ...rest] = plainEventLine(TIME, 'error', 'Broken\nForged', { error, route: 'GET /' }).split('\n')
    assert.equal(first, `${TIME} ERROR Broken\\u000aForged route="GET /"`)
    assert.equal(rest[0], '    Error: bad')
    assert.equal(rest[1], `    ${TIME} INFO  Forged\\u000d\\u001b[2K`)
    assert.isTrue(rest.every((line) => line.startsWith('    ')))
  })

  it('writes the message of an error without a stack', () => {
    const error = Object.assign(new Error('bare'), { stack: undefined })
    assert.equal(plainEventLine(TIME, 'error', 'Broken', { error }), `${TIME} ERROR Broken\n    Error: bare`)
  })
})

describe('colouredEventLine', () => {
  it('colours the level and nothing else', () => {
    assert.equal(colouredEventLine(TIME, 'warn', 'Full', { n: 1 }), `${TIME} \x1b[33mWARN\x1b[39m  Full n=1`)
  })
})
