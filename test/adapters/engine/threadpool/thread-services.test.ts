import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { MetricsSnapshot } from '../../../../src/ports/operations/metrics.js'
import { settled } from '../../../app/serving/served.js'
import { TestPool } from './test-pool.js'

describe('ThreadServices', () => {
  it('write the log lines of threads, and answer their questions about metrics', async () => {
    const pool = await TestPool.started()
    const thread = pool.threads.at(2)
    const error = {
      kind: 'error',
      name: 'E',
      message: 'm',
      stack: 's',
      code: null,
      cause: null,
      isBadContent: false,
    } as const
    thread.sends(['log', 'warn', 'event', { error: { error }, b: { json: '[1]' }, c: 'd' }], ['ask', 'snapshot'])
    await settled()
    const { level, event, facts } = pool.log.events.at(-1)!
    assert.deepEqual([level, event, facts['b'], facts['c'], facts['thread']], ['warn', 'event', [1], 'd', 2])
    assert.instanceOf(facts['error'], Error)
    assert.deepEqual(thread.received('logged'), [['logged', 1]])
    assert.deepEqual(thread.received('snapshot'), [['snapshot', { engine: 'asked' } as MetricsSnapshot]])
    pool.snapshot = () => Promise.reject(new Error('no metrics'))
    thread.sends(['ask', 'snapshot'])
    await settled()
    assert.equal(thread.received('ask-failed')[0]?.[1], 'snapshot')
  })

  it('send the state of the service to threads within half a second of a change', async () => {
    const pool = await TestPool.started()
    pool.unready = 'draining'
    await pool.pass(500)
    for (const thread of pool.threads.started) {
      assert.deepEqual(thread.received('state'), [['state', 'running', 'draining']])
    }
  })
})
