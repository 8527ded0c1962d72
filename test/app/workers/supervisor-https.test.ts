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

const ordersOf = (process: FakeWorkerProcess): WorkerConfiguration => process.told('start')[0]!.configuration
const labelIn = ({ secured }: WorkerConfiguration): string | undefined => secured?.credentials.certificates[0].label
const renewed = { credentials: credentialsOf({ label: 'renewed' }) }

describe('Supervisor of workers with HTTPS', () => {
  it('listens by both ways, and tells where', async () => {
    const { supervisor } = new Supervised({ settings: secure() })
    const addresses = { http: { host: HOST, port: 40_000 }, https: { host: HOST, port: 40_001 }, admin: null }
    assert.deepEqual((await supervisor.start()).addresses, addresses)
  })

  it('listens by HTTPS alone when it is told so', async () => {
    const { supervisor } = new Supervised({ settings: secure({ only: true }) })
    assert.deepEqual((await supervisor.start()).addresses, {
      http: null,
      https: { host: HOST, port: 40_000 },
      admin: null,
    })
  })

  it('says with each connection which way it came', async () => {
    const supervised = await start()
    for (const at of supervised.door.open) supervised.door.connect(at)
    const entries = supervised.processes.flatMap((process) => process.told('connection').map(({ entry }) => entry))
    assert.sameMembers(entries, ['http', 'https'])
  })

  it('leaves no door open when one of them cannot be had', async () => {
    const supervised = new Supervised({ settings: { ...secure({ port: 8080 }), port: 8080 } })
    assert.match(await rejection(supervised.supervisor.start()), /taken/)
    assert.deepEqual([supervised.door.open, supervised.processes], [[], []])
  })

  it('gives every worker the same certificates and tickets, and none the passphrase', async () => {
    const { processes } = await start({ passphrase: 'open sesame' })
    for (const configuration of processes.map(ordersOf)) {
      assert.deepEqual(configuration.secured, {
        credentials: credentialsOf(),
        tickets: { period: 1, secret: 'SECRET' },
      })
      assert.notInclude(JSON.stringify(configuration), 'open sesame')
    }
  })

  it('keeps certificates from workers of plain HTTP', async () => {
    const { processes } = await Supervised.start()
    assert.isNull(ordersOf(processes[0]!).secured)
  })

  describe('when certificates change', () => {
    it('tells all workers, and successors begin with the new ones', async () => {
      const supervised = await start()
      supervised.credentials.change(renewed)
      await supervised.pass(SETTLED_MS)
      for (const process of supervised.processes) {
        const told = process.told('renewal').map(({ credentials }) => credentials.certificates[0].label)
        assert.deepEqual(told, ['renewed'])
      }
      supervised.processes[0]!.kill()
      await supervised.pass(SETTLED_MS)
      assert.equal(labelIn(ordersOf(supervised.processes[2]!)), 'renewed')
    })

    it('tells nobody of broken ones, and counts', async () => {
      const supervised = await start()
      supervised.credentials.change({ problems: [{ key: 'tls.certFile', found: 'nothing', wanted: 'a certificate' }] })
      await supervised.pass(SETTLED_MS)
      assert.deepEqual(
        supervised.processes.flatMap((process) => process.told('renewal')),
        [],
      )
      assert.lengthOf(supervised.events('certificates refused'), 1)
      const [process] = supervised.processes
      process!.say({ kind: 'counts', query: 1, own: countsOf(0) })
      await supervised.pass(1000)
      assert.deepEqual(process!.told('group')[0]!.counts.workers.renewals, { done: 0, refused: 1 })
    })
  })

  describe('reload()', () => {
    it('takes up new certificates and keeps the tickets, so that sessions go on', async () => {
      const supervised = await start()
      if ('settings' in supervised.loaded) supervised.loaded = { ...supervised.loaded, ...renewed }
      await supervised.reload({})
      const configuration = ordersOf(supervised.processes.at(-1)!)
      assert.equal(labelIn(configuration), 'renewed')
      assert.equal(supervised.tickets, 1)
      assert.equal(supervised.credentials.watchers.size, 1)
    })

    it('makes new tickets when their lifetime is another', async () => {
      const supervised = await start()
      await supervised.reload(secure({ ticketLifetimeMs: 60_000 }))
      assert.equal(supervised.tickets, 2)
    })

    it('opens and closes the way by HTTPS', async () => {
      const supervised = await Supervised.start({ settings: { port: 0 } })
      if ('settings' in supervised.loaded) supervised.loaded = { ...supervised.loaded, credentials: credentialsOf() }
      await supervised.reload(secure())
      assert.lengthOf(supervised.door.open, 2)
      if ('settings' in supervised.loaded) supervised.loaded = { ...supervised.loaded, credentials: null }
      await supervised.reload({ port: 0, tls: DEFAULT_SETTINGS.tls })
      assert.lengthOf(supervised.door.open, 1)
      assert.equal(supervised.credentials.watchers.size, 0)
    })

    it('that fails watches the files that are served by', async () => {
      const supervised = await start()
      supervised.failing = 'Cannot load plugins'
      await supervised.reload({})
      assert.lengthOf(supervised.events('reload refused'), 1)
      supervised.failing = null
      supervised.credentials.change(renewed)
      await supervised.pass(SETTLED_MS)
      assert.lengthOf(supervised.events('certificates renewed'), 1)
    })
  })

  it('watches no files, and leaves no door open, when it is drained', async () => {
    const supervised = await start()
    const drained = supervised.supervisor.drain()
    await settled()
    await supervised.pass(1000)
    await drained
    assert.deepEqual([supervised.door.open, supervised.credentials.watchers.size], [[], 0])
  })
})
