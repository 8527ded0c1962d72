import { assert } from 'chai'
import { it } from 'mocha'
import type { EventLog, Facts } from '../../src/ports/operations/event-log.js'

export interface EventLogHarness {
  /** The log, which records events of every level. */
  readonly log: EventLog
  /** The events so far; the message replaces an error. */
  recorded(): readonly { readonly level: string; readonly event: string; readonly facts: Facts }[]
}

export function eventLogContract(create: () => EventLogHarness): void {
  it('records level, event and facts, in order', () => {
    const { log, recorded } = create()
    log.debug('Read', { octets: 12 })
    log.info('Listening', { address: '127.0.0.1:8080', nested: { list: [1, null, 'two'] } })
    log.warn('Full')
    log.error('Broken', { error: new Error('No such thing') })
    assert.deepEqual(recorded(), [
      { level: 'debug', event: 'Read', facts: { octets: 12 } },
      { level: 'info', event: 'Listening', facts: { address: '127.0.0.1:8080', nested: { list: [1, null, 'two'] } } },
      { level: 'warn', event: 'Full', facts: {} },
      { level: 'error', event: 'Broken', facts: { error: 'No such thing' } },
    ])
  })

  it('adds the facts of with() to every event; the innermost wins', () => {
    const { log, recorded } = create()
    const inner = log.with({ plugin: 'hello', request: 1 }).with({ request: 2 })
    inner.info('Called', { step: 3 })
    inner.info('Called', { plugin: 'other' })
    log.info('Apart')
    assert.deepEqual(
      recorded().map(({ facts }) => facts),
      [{ plugin: 'hello', request: 2, step: 3 }, { plugin: 'other', request: 2 }, {}],
    )
  })
}
