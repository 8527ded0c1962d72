import { assert } from 'chai'
import { describe, it } from 'mocha'
import { get } from '../../wire/requests.js'
import { Served, settled, statuses } from '../serving/served.js'

describe('OpenConnections', () => {
  it('answers a connection beyond maxConnections with 503 and Retry-After, and closes it', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxConnections: 2 } })
    const inside = [served.connect(), served.connect()]
    const outside = served.connect()
    await settled()
    assert.match(outside.received, /^HTTP\/1\.1 503 .*\r\nConnection: close\r\n.*Retry-After: 1\r\n/s)
    assert.isTrue(outside.ended)
    assert.isFalse(outside.cut)
    outside.send(get('/'))
    assert.deepEqual(statuses(outside.received), [503], 'its requests are not read')
    for (const far of inside) far.send(get('/'))
    assert.deepEqual(
      inside.map((far) => statuses(far.received)),
      [[200], [200]],
    )
    const { connections, rejections } = served.metrics.snapshot()
    assert.deepInclude(connections, { active: 2, accepted: 2, rejected: 1 })
    assert.deepEqual(rejections, { connections: 1 })
  })

  it('admits a connection again when another has closed', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxConnections: 1 } })
    served.connect().reset()
    const far = served.connect()
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [200])
  })

  it('resets a connection without an answer while a thousand others are being turned away', async () => {
    const served = await Served.start({ settings: { maxConnections: 1 } })
    served.connect()
    const turnedAway = Array.from({ length: 1000 }, () => served.connect())
    const oneMore = served.connect()
    await settled()
    assert.isTrue(turnedAway.every((far) => far.received !== '' && far.ended && !far.cut))
    assert.isTrue(oneMore.cut)
    assert.equal(oneMore.received, '')
    assert.equal(served.metrics.snapshot().connections.rejected, 1001)
    turnedAway[0]!.end()
    await settled()
    const next = served.connect()
    await settled()
    assert.deepEqual(statuses(next.received), [503])
  })

  it('closes a connection whose client was turned away but does not close its side', async () => {
    const served = await Served.start({ settings: { maxConnections: 1 } })
    served.connect()
    const far = served.connect()
    await served.pass(10_000)
    assert.deepEqual([far.closed, far.cut], [true, false])
  })

  it('closes such a connection after the linger time', async () => {
    const served = await Served.start({ settings: { maxConnections: 1, lingerTimeoutMs: 1000 } })
    served.connect()
    const far = served.connect()
    await served.pass(2000)
    assert.deepEqual([far.closed, far.cut], [true, false])
  })
})
