import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { FarEnd } from '../../fakes/fake-transport.js'
import { get } from '../../wire/requests.js'
import { Served, settled, statuses, type ServedOptions } from '../serving/served.js'

describe('Drain of a retired worker', () => {
  const CLOSE = /^Connection: close\r$/m
  const rules = { noticeMs: 0, timeoutMs: 3000, pollIntervalMs: 1000 }
  const routes = { 'GET /': () => 'served' }

  const retired = async (
    options: ServedOptions = {},
  ): Promise<{ served: Served; far: FarEnd; report: () => unknown }> => {
    const served = await Served.start({ routes, settings: { drain: rules }, ...options })
    const far = served.connect()
    let report: unknown = null
    void served.server.retire().then((made) => (report = made))
    await settled()
    return { served, far, report: () => report }
  }

  it('closes the listener at once, serves the open connections, and ends with the last of them', async () => {
    const { served, far, report } = await retired()
    assert.isFalse(served.listener.listening)
    await served.pass(1000)
    assert.deepEqual([far.ended, served.server.phase], [false, 'notice'])
    far.send(get('/'))
    await settled()
    assert.deepEqual(statuses(far.received), [200])
    assert.match(far.received, CLOSE)
    far.end()
    await served.pass(2000)
    assert.deepEqual(report(), { finished: 1, rejected: 0, cut: {} })
    assert.equal(served.clock.pending, 0, 'no timer is left')
  })

  it('serves a connection that was being accepted when the listener closed', async () => {
    const served = await Served.start({ routes, settings: { drain: rules } })
    served.listener.isSettingUp = true
    void served.server.retire()
    await served.pass(1000)
    assert.equal(served.server.phase, 'notice')
    const far = served.connect()
    served.listener.endSetup()
    far.send(get('/'))
    await settled()
    assert.deepEqual(statuses(far.received), [200])
    far.end()
    await served.pass(2000)
    assert.equal(served.server.phase, 'stopped')
  })

  it('closes idle connections after the drain timeout, and cuts off no client that closes its side', async () => {
    const { served, far, report } = await retired()
    await served.pass(5000)
    assert.deepEqual([far.ended, far.cut], [true, false])
    far.end()
    await served.pass(1000)
    assert.deepEqual(report(), { finished: 0, rejected: 0, cut: {} })
  })

  it('becomes a drain when drain() is called: requests that begin after are rejected', async () => {
    const { served, far, report } = await retired()
    void served.server.drain()
    await served.pass(1000)
    far.send(get('/'))
    far.end()
    await served.pass(1000)
    assert.deepEqual(statuses(far.received), [503])
    assert.deepEqual(report(), { finished: 0, rejected: 1, cut: {} })
  })

  it('is not possible while a drain is running', async () => {
    const served = await Served.start({ routes })
    assert.equal(served.server.drain(), served.server.retire())
    await settled()
    await served.pass(50)
    assert.equal(served.server.phase, 'stopped')
  })
})
