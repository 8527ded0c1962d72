import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Routes } from '../../../src/ports/plugins/plugin.js'
import { settled } from '../serving/served.js'
import { MEBIBYTE, never, TestThread } from './test-thread.js'

describe('HandlerThread', () => {
  describe('at its start', () => {
    const routes: Routes = { 'GET /a': () => 'a', 'GET /b': () => 'b' }

    it('reports that it is ready; plugins know the number of the thread', async () => {
      const thread = new TestThread(routes)
      await thread.thread.start()
      assert.deepEqual(thread.sent, [['ready']])
      assert.equal(thread.context?.thread, 3)
    })

    it('matches the routes by name, in any order', async () => {
      const thread = new TestThread(routes, ['GET /b', 'GET /a'])
      await thread.thread.start()
      const number = thread.begin()
      await settled()
      assert.deepEqual(thread.sent.at(-1), ['text', number, 0, 'b'])
    })

    it('fails when the plugins have other routes than in the main thread', async () => {
      const thread = new TestThread(routes, ['GET /a', 'GET /c'])
      await thread.thread.start()
      const wanted =
        'Cannot run handlers in thread 3: found no "GET /c", an additional "GET /b", wanted the routes of the main thread'
      assert.deepEqual(thread.sent, [['start-failed', wanted]])
    })

    it('fails when a plugin cannot start, with the reason', async () => {
      const start = (): never => assert.fail('no database')
      const thread = new TestThread(routes, undefined, { start })
      await thread.thread.start()
      const [kind, reason] = thread.sent[0] as readonly [string, string]
      assert.equal(kind, 'start-failed')
      assert.include(reason, 'no database')
    })
  })

  it('answers a probe', async () => {
    const thread = await TestThread.started(never)
    thread.thread.receive([['probe']])
    await settled()
    assert.deepEqual(thread.sent, [['alive']])
  })

  it('reports when it uses more memory than it may', async () => {
    const thread = await TestThread.started(never)
    thread.clock.advance(1000)
    assert.isEmpty(thread.sent)
    thread.meter.memoryBytes = 65 * MEBIBYTE
    thread.clock.advance(250)
    assert.deepEqual(thread.sent, [['memory', 65 * MEBIBYTE]])
  })

  it('stops its plugins, and logs a failure to stop', async () => {
    let stops = 0
    const thread = await TestThread.started(never, {
      stop: () => {
        stops++
      },
    })
    thread.thread.receive([['stop']])
    await settled()
    assert.deepEqual([stops, thread.sent], [1, [['stopped']]])
    const failing = await TestThread.started(never, { stop: () => assert.fail('cannot stop') })
    failing.thread.receive([['stop']])
    await settled()
    assert.deepEqual(failing.kinds(), ['log', 'stopped'])
    assert.equal(failing.sent[0]?.[2], 'plugin stop failed')
  })
})
