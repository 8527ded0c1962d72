import { assert } from 'chai'
import { describe, it } from 'mocha'
import { jsonAccessLine, type AccessLine } from '../../../src/adapters/log/access-line.js'
import { NoAccessLog } from '../../../src/adapters/log/no-access-log.js'
import { SinkAccessLog } from '../../../src/adapters/log/sink-access-log.js'
import { Sink } from '../../../src/adapters/log/sink.js'
import type { ExchangeRecord } from '../../../src/ports/serving/access-log.js'
import { accessLogContract } from '../../contract/access-log.js'
import { exchangeOf } from '../../fakes/exchange.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { ManualOutput } from './manual-output.js'

const timeOnly: AccessLine = (time) => `${time}\n`

describe('SinkAccessLog', () => {
  accessLogContract(() => {
    const output = new ManualOutput()
    const clock = new FakeClock()
    const log = new SinkAccessLog(new Sink(output, clock), clock, jsonAccessLine('selectors', 0))
    const close = (): Promise<void> => {
      const closed = log.close()
      clock.advance(100)
      return closed
    }
    const recordIn = (line: string): ExchangeRecord => {
      const { request: requestId, ...others } = JSON.parse(line) as ExchangeRecord & { readonly request: string }
      return { ...others, requestId }
    }
    const recorded = (): ExchangeRecord[] => output.lines.map(recordIn)
    return { log, close, recorded }
  })

  it('writes the time of each record, to the millisecond', () => {
    const clock = new FakeClock(Date.UTC(2026, 11, 31, 23, 59, 59, 998))
    const output = new ManualOutput()
    const log = new SinkAccessLog(new Sink(output, clock), clock, timeOnly)
    for (const passMs of [0, 0.9, 1.2, 60_000]) {
      clock.advance(passMs)
      log.record(exchangeOf())
    }
    clock.advance(100)
    assert.deepEqual(output.lines, [
      '2026-12-31T23:59:59.998Z',
      '2026-12-31T23:59:59.998Z',
      '2027-01-01T00:00:00.000Z',
      '2027-01-01T00:01:00.000Z',
    ])
  })

  it('counts dropped lines, and continues', () => {
    const clock = new FakeClock()
    const output = new ManualOutput()
    output.room = 0
    const log = new SinkAccessLog(new Sink(output, clock), clock, () => 'x'.repeat(1023) + '\n')
    for (let i = 0; i < 1024 + 7; i++) log.record(exchangeOf())
    assert.equal(log.dropped, 7)
  })
})

describe('NoAccessLog', () => {
  it('accepts every record and writes nothing', async () => {
    const log = new NoAccessLog()
    log.record()
    await log.close()
    assert.equal(log.dropped, 0)
  })
})
