import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Settings, TlsSettings } from '../../../src/ports/operations/settings.js'
import type { WorkerConfiguration } from '../../../src/ports/workers/worker-processes.js'
import { credentialsOf } from '../../fakes/fake-credentials.js'
import type { FakeWorkerProcess } from '../../fakes/fake-workers.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'
import { countsOf, rejection, Supervised } from './supervised.js'

const SETTLED_MS = 200
const HOST = '127.0.0.1'

const secure = (tls: Partial<TlsSettings> = {}): Partial<Settings> => ({
  port: 0,
  tls: { ...DEFAULT_SETTINGS.tls, enabled: true, port: 0, ...tls },
})
const start = (tls?: Partial<TlsSettings>): Promise<Supervised> => Supervised.start({ settings: secure(tls) })

const configurationOf = (process: FakeWorkerProcess): WorkerConfiguration => process.messages('start')[0]!.configuration
const labelIn = ({ tlsMaterial }: WorkerConfiguration): string | undefined =>
  tlsMaterial?.credentials.certificates[0].label
const renewed = { credentials: credentialsOf({ label: 'renewed' }) }

describe('Supervisor of workers with HTTPS', () => {
  it('binds HTTP and HTTPS, and reports both addresses', async () => {
    const { supervisor } = new Supervised({ settings: secure() })
    const addresses = { http: { host: HOST, port: 40_000 }, https: { host: HOST, port: 40_001 }, admin: null }
    assert.deepEqual((await supervisor.start()).addresses, addresses)
  })

  it('binds only HTTPS when tls.only is set', async () => {
    const { supervisor } = new Supervised({ settings: secure({ only: true }) })
    assert.deepEqual((await supervisor.start()).addresses, {
      http: null,
      https: { host: HOST, port: 40_000 },
      admin: null,
    })
  })

  it('names the listener of each connection', async () => {
    const supervised = await start()
    for (const at of supervised.acceptor.open) supervised.acceptor.connect(at)
    const listeners = supervised.processes.flatMap((process) =>
      process.messages('connection').map(({ listener }) => listener),
    )
    assert.sameMembers(listeners, ['http', 'https'])
  })

  it('leaves no listener open when one of the addresses is in use', async () => {
    const supervised = new Supervised({ settings: { ...secure({ port: 8080 }), port: 8080 } })
    assert.match(await rejection(supervised.supervisor.start()), /taken/)
    assert.deepEqual([supervised.acceptor.open, supervised.processes], [[], []])
  })

  it('gives every worker the same certificates and ticket keys, but not the passphrase', async () => {
    const { processes } = await start({ passphrase: 'open sesame' })
    for (const configuration of processes.map(configurationOf)) {
      assert.deepEqual(configuration.tlsMaterial, {
        credentials: credentialsOf(),
        tickets: { period: 1, secret: 'SECRET' },
      })
      assert.notInclude(JSON.stringify(configuration), 'open sesame')
    }
  })

  it('gives workers no certificates without HTTPS', async () => {
    const { processes } = await Supervised.start()
    assert.isNull(configurationOf(processes[0]!).tlsMaterial)
  })

  describe('when certificates change', () => {
    it('sends them to all workers, and starts successors with them', async () => {
      const supervised = await start()
      supervised.credentials.change(renewed)
      await supervised.pass(SETTLED_MS)
      for (const process of supervised.processes) {
        const labels = process.messages('renewal').map(({ credentials }) => credentials.certificates[0].label)
        assert.deepEqual(labels, ['renewed'])
      }
      supervised.processes[0]!.kill()
      await supervised.pass(SETTLED_MS)
      assert.equal(labelIn(configurationOf(supervised.processes[2]!)), 'renewed')
    })

    it('sends broken certificates to no worker, and counts the refusal', async () => {
      const supervised = await start()
      supervised.credentials.change({ problems: [{ key: 'tls.certFile', found: 'nothing', wanted: 'a certificate' }] })
      await supervised.pass(SETTLED_MS)
      assert.deepEqual(
        supervised.processes.flatMap((process) => process.messages('renewal')),
        [],
      )
      assert.lengthOf(supervised.events('certificates refused'), 1)
      const [process] = supervised.processes
      process!.emit({ kind: 'group-count', query: 1, own: countsOf(0) })
      await supervised.pass(1000)
      assert.deepEqual(process!.messages('group-counts')[0]!.counts.workers.renewals, { done: 0, refused: 1 })
    })
  })

  describe('reload()', () => {
    it('uses the new certificates and keeps the ticket keys, so that sessions can be resumed', async () => {
      const supervised = await start()
      if ('settings' in supervised.loaded) supervised.loaded = { ...supervised.loaded, ...renewed }
      await supervised.reload({})
      const configuration = configurationOf(supervised.processes.at(-1)!)
      assert.equal(labelIn(configuration), 'renewed')
      assert.equal(supervised.tickets, 1)
      assert.equal(supervised.credentials.watchers.size, 1)
    })

    it('makes new ticket keys when their lifetime changes', async () => {
      const supervised = await start()
      await supervised.reload(secure({ ticketLifetimeMs: 60_000 }))
      assert.equal(supervised.tickets, 2)
    })

    it('opens and closes the HTTPS listener', async () => {
      const supervised = await Supervised.start({ settings: { port: 0 } })
      if ('settings' in supervised.loaded) supervised.loaded = { ...supervised.loaded, credentials: credentialsOf() }
      await supervised.reload(secure())
      assert.lengthOf(supervised.acceptor.open, 2)
      if ('settings' in supervised.loaded) supervised.loaded = { ...supervised.loaded, credentials: null }
      await supervised.reload({ port: 0, tls: DEFAULT_SETTINGS.tls })
      assert.lengthOf(supervised.acceptor.open, 1)
      assert.equal(supervised.credentials.watchers.size, 0)
    })

    it('that fails keeps watching the files of the certificates in use', async () => {
      const supervised = await start()
      supervised.failing = 'Cannot load plugins'
      await supervised.reload({})
      assert.lengthOf(supervised.events('reload refused'), 1)
      supervised.failing = null
      supervised.credentials.change(renewed)
      await supervised.pass(SETTLED_MS)
      assert.lengthOf(supervised.events('certificates reloaded'), 1)
    })
  })

  it('watches no files and listens nowhere after a drain', async () => {
    const supervised = await start()
    const drained = supervised.supervisor.drain()
    await settled()
    await supervised.pass(1000)
    await drained
    assert.deepEqual([supervised.acceptor.open, supervised.credentials.watchers.size], [[], 0])
  })
})
