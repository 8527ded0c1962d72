import { assert } from 'chai'
import { describe, it } from 'mocha'
import { deferred } from '../../../src/domain/deferred.js'
import { credentialsOf } from '../../fakes/fake-credentials.js'
import { settled } from '../serving/served.js'
import { countsOf, NOTHING_CUT } from './supervised.js'
import { CONFIGURATION, TestWorker } from './test-worker.js'

describe('Worker', () => {
  it('starts its server, and reports that it is ready', async () => {
    const { channel, service } = await TestWorker.start()
    assert.deepEqual([channel.sentKinds, service.calls], [['ready'], ['start']])
  })

  it('that cannot start reports the error, and ends with 1', async () => {
    const subject = new TestWorker()
    subject.service.failure = new Error('Cannot load plugins')
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    await settled()
    assert.deepEqual(subject.channel.sent, [{ kind: 'failed', message: 'Cannot load plugins' }])
    assert.equal(subject.code, 1)
    assert.include(subject.service.calls, 'closeLogs')
  })

  it('answers a heartbeat, even while it starts', async () => {
    const subject = new TestWorker()
    subject.service.started = new Promise(() => undefined)
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    subject.channel.deliver({ kind: 'heartbeat', sentMs: 1234 })
    await settled()
    assert.deepEqual(subject.channel.sent, [{ kind: 'alive', sentMs: 1234 }])
  })

  it('reports its counts when it is asked', async () => {
    const { channel } = await TestWorker.start()
    channel.deliver({ kind: 'count', query: 5 })
    assert.deepEqual(channel.sent.at(-1), { kind: 'counts', query: 5, counts: countsOf(3) })
  })

  for (const end of ['drain', 'retire'] as const) {
    it(`asked to ${end} sends its report with its last counts, and ends with 0`, async () => {
      const subject = await TestWorker.start()
      const { channel, service } = subject
      channel.deliver({ kind: end })
      await settled()
      assert.deepEqual(channel.sent.at(-1), { kind: 'drained', report: NOTHING_CUT, counts: countsOf(3) })
      assert.deepEqual(service.calls, ['start', end, 'closeLogs'])
      assert.equal(subject.code, 0)
    })
  }

  it('asked to drain while it is retired drains, and sends one report', async () => {
    const { channel, service } = await TestWorker.start()
    const drained = deferred()
    service.drained = drained.promise
    channel.deliver({ kind: 'retire' })
    await settled()
    channel.deliver({ kind: 'drain' })
    await settled()
    drained.resolve()
    await settled()
    assert.deepEqual(service.calls, ['start', 'retire', 'drain', 'closeLogs'])
    assert.lengthOf(
      channel.sentKinds.filter((kind) => kind === 'drained'),
      1,
    )
  })

  it('asked to drain while it starts drains when it has started', async () => {
    const subject = new TestWorker()
    const started = deferred()
    subject.service.started = started.promise
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    subject.channel.deliver({ kind: 'drain' })
    await settled()
    assert.notInclude(subject.service.calls, 'drain')
    started.resolve()
    await settled()
    assert.equal(subject.code, 0)
  })

  it('whose supervisor has died drains, and ends', async () => {
    const subject = await TestWorker.start()
    subject.channel.disconnect()
    await settled()
    assert.include(subject.service.calls, 'drain')
    assert.equal(subject.code, 0)
  })

  it('without a configuration ends at once when its supervisor has died', async () => {
    const subject = new TestWorker()
    subject.channel.disconnect()
    await settled()
    assert.equal(subject.code, 0)
  })

  it('passes new certificates to its service', async () => {
    const { channel, service } = await TestWorker.start()
    channel.deliver({ kind: 'renewal', credentials: credentialsOf({ label: 'renewed' }) })
    assert.deepEqual(service.calls, ['start', 'renew renewed'])
  })
})
