import { assert } from 'chai'
import { after, afterEach, it } from 'mocha'
import { describeInEachWay } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import type { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { startServer, type RunningServer } from './support/server.js'
import { TRYING_PLUGIN } from './support/trying-plugin.js'

const STUCK = `export default { name: 'stuck', routes: {}, stop: () => new Promise(() => {}) }`

describeInEachWay('a second signal in a drain', () => {
  const folder = new TemporaryFolder({ 'plugins/trying.mjs': TRYING_PLUGIN, 'stuck/stuck.mjs': STUCK })
  const clients: RawClient[] = []
  let server: RunningServer

  async function start(plugins: string, ...flags: string[]): Promise<void> {
    server = await startServer({ flags: ['--plugins', `${folder.path}/${plugins}`, ...flags] })
  }

  async function connect(): Promise<RawClient> {
    const client = await server.connect()
    clients.push(client)
    return client
  }

  /** Stops the server, and waits until it reports its drain. */
  async function drain(): Promise<void> {
    server.program.kill('SIGTERM')
    await server.program.printed('stderr', (text) => (text.includes('portico draining') ? true : null))
  }

  async function assertEndsInTime(): Promise<void> {
    const begunMs = performance.now()
    const { code } = await server.stop()
    assert.isBelow(performance.now() - begunMs, 1000)
    assert.equal(code, 1)
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await server.stop('SIGKILL')
  })

  after(() => folder.remove())

  it('cuts off running requests, and the process ends within a second', async () => {
    await start('plugins')
    const [client, probe] = [await connect(), await connect()]
    client.send(get('/held'))
    probe.send(get('/hello'))
    await probe.response()
    await drain()
    await assertEndsInTime()
    assert.equal(await client.rest(), '')
    assert.equal(client.ending, 'reset')
  })

  it('ends the process during the notice, too', async () => {
    await start('plugins', '--set', 'drain.noticeMs=20000')
    await drain()
    await assertEndsInTime()
  })

  it('ends the process when the only connections left are those that clients do not close', async () => {
    await start('plugins')
    const client = await connect()
    await drain()
    assert.equal(await client.rest(), '')
    await assertEndsInTime()
  })

  it('ends the process when a plugin does not stop', async () => {
    await start('stuck')
    await drain()
    await assertEndsInTime()
  })
})
