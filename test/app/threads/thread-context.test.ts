import { assert } from 'chai'
import { describe, it } from 'mocha'
import { settled } from '../serving/served.js'
import { never, TestThread } from './test-thread.js'

describe('The context of plugins in a handler thread', () => {
  it('logs at once, so that a line is written even if the handler then blocks', async () => {
    const circle: unknown[] = []
    circle.push(circle)
    const thread = await TestThread.started(({ log }) => {
      log.info('event', { a: 1, list: [new Error('in a list')], f: () => 1, circle })
      assert.deepEqual(thread.kinds(), ['log'])
      return 'x'
    })
    thread.begin()
    const [, level, event, facts] = thread.sent[0] as never as [string, string, string, Record<string, unknown>]
    assert.deepEqual([level, event, facts['a'], facts['request']], ['info', 'event', 1, 'r'])
    assert.include((facts['list'] as { json: string }).json, '"message":"in a list"')
    assert.isString(facts['f'])
    assert.isString(facts['circle'])
    assert.doesNotThrow(() => structuredClone(facts))
  })

  it('limits the log lines that are not acknowledged, and logs how many were dropped', async () => {
    const thread = await TestThread.started(never)
    for (let line = 0; line < 1500; line++) thread.context!.log.info('line')
    assert.lengthOf(thread.sent, 1000)
    thread.thread.receive([['logged', 1000]])
    assert.deepEqual(thread.sent.at(-1), ['log', 'warn', 'log lines dropped', { dropped: 500 }])
    thread.context!.log.debug('below the level')
    assert.lengthOf(thread.sent, 1001)
  })

  it('asks the main thread for the metrics, once for all callers', async () => {
    const thread = await TestThread.started(never)
    const { metrics } = thread.context!
    const answers = Promise.all([metrics.snapshot(), metrics.snapshot()])
    await settled()
    assert.deepEqual(thread.sent, [['ask', 'snapshot']])
    thread.thread.receive([['snapshot', { engine: 'e' } as never]])
    assert.deepEqual(await answers, [{ engine: 'e' }, { engine: 'e' }] as never)
    const failing = metrics.perWorker().catch((error: unknown) => error)
    thread.thread.receive([['ask-failed', 'per-worker', { kind: 'value', value: 'no' }]])
    assert.equal(await failing, 'no')
  })

  it('has the state that was received last', async () => {
    const thread = await TestThread.started(never)
    const { phase, unready } = thread.context!
    assert.deepEqual([phase(), unready()], ['starting', 'starting'])
    thread.thread.receive([['state', 'running', null]])
    assert.deepEqual([phase(), unready()], ['running', null])
  })
})
