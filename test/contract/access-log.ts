import { assert } from 'chai'
import { it } from 'mocha'
import type { AccessLog, ExchangeRecord } from '../../src/ports/serving/access-log.js'
import { exchangeOf } from '../fakes/exchange.js'

export interface AccessLogHarness {
  readonly log: AccessLog
  /** Closes the log, and resolves when it is closed. */
  close(): Promise<void>
  /** The recorded exchanges, read after the log was closed. */
  recorded(): readonly Pick<ExchangeRecord, 'thread' | 'requestId' | 'method' | 'target' | 'status' | 'outcome'>[]
}

export function accessLogContract(create: () => AccessLogHarness): void {
  it('has recorded every exchange, in order, once it is closed', async () => {
    const { log, close, recorded } = create()
    const ids = Array.from({ length: 500 }, (_, number) => `request-${number}`)
    for (const requestId of ids) log.record(exchangeOf({ requestId }))
    await close()
    assert.deepEqual(
      recorded().map(({ requestId }) => requestId),
      ids,
    )
    assert.equal(log.dropped, 0)
  })

  it('reads an exchange only during the call', async () => {
    const { log, close, recorded } = create()
    // Inherited properties, as with the getters of a class.
    const first = exchangeOf({ thread: 2, method: 'PUT', target: '/first', status: 201 })
    const reused = Object.create(first) as ExchangeRecord
    log.record(reused)
    Object.assign(reused, { thread: 0, method: 'GET', target: '/second', status: 0, outcome: 'aborted' })
    log.record(reused)
    await close()
    assert.deepInclude(recorded()[0], { thread: 2, method: 'PUT', target: '/first', status: 201, outcome: 'completed' })
    assert.deepInclude(recorded()[1], { thread: 0, method: 'GET', target: '/second', status: 0, outcome: 'aborted' })
  })

  it('records any text', async () => {
    const { log, close, recorded } = create()
    const target = '/"\\\n\r\t\0\x7f\u2028é😀\ud800"}\n{"forged":1}'
    log.record(exchangeOf({ target }))
    await close()
    assert.deepEqual(
      recorded().map((each) => each.target),
      [target],
    )
  })

  it('records nothing after it is closed, and can be closed twice', async () => {
    const { log, close, recorded } = create()
    log.record(exchangeOf())
    await close()
    log.record(exchangeOf())
    await close()
    assert.lengthOf(recorded(), 1)
  })
}
