import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { eventually } from '../support/waiting.js'
import { get } from '../wire/requests.js'
import { valueOf } from '../wire/response-parser.js'
import { RawClient } from './support/raw-client.js'
import { SteadyLoad } from './support/steady-load.js'
import { BROKEN_PLUGIN, isGone, SupervisedServer } from './support/supervised-server.js'
import { itWithWrk, startWrk } from './support/wrk.js'

describe('Worker processes reload their settings at SIGHUP', () => {
  let supervised: SupervisedServer

  afterEach(() => supervised.remove())

  it('one by one, and no request fails', async () => {
    supervised = await SupervisedServer.start({ serverName: 'before' })
    const before = supervised.pids
    const load = new SteadyLoad(supervised.server.port, 16)
    await eventually('many requests are answered', () => load.tally.answered > 100)
    supervised.reload({ serverName: 'after' })
    await supervised.event('settings reloaded')
    await eventually('the old workers have ended', () => before.every(isGone))
    const { failures, answered } = await load.stop()
    assert.deepEqual(failures, [])
    assert.isAbove(answered, 100)
    const client = await supervised.server.connect()
    client.send(get('/plain', 'Connection: close'))
    assert.equal(valueOf(await client.lastResponse(), 'server'), 'after')
    const { reloads, lost } = (await supervised.metrics()).workers
    assert.deepEqual(
      [reloads, lost],
      [
        { done: 1, refused: 0 },
        { died: 0, unresponsive: 0 },
      ],
    )
  })

  for (const engine of ['selectors', 'threadpool']) {
    itWithWrk(`repeatedly under the load of wrk, on ${engine}, and no request fails`, async () => {
      supervised = await SupervisedServer.start({ log: { access: false } }, ['--engine', engine])
      const { server } = supervised
      const stopLoad = startWrk(`${server.origin}/plain`)
      for (let round = 1; round <= 2; round++) {
        server.program.kill('SIGHUP')
        await eventually('the reload is done', () => supervised.events('settings reloaded').length === round)
      }
      const { requests, troubles } = await stopLoad()
      assert.deepEqual(troubles, [])
      assert.isAbove(requests, 1000)
    })
  }

  it('or keep the old settings when the new ones have a mistake', async () => {
    supervised = await SupervisedServer.start()
    supervised.reload({ keepAliveTimeoutMs: 'soon' })
    const line = await supervised.event('reload refused')
    assert.include(JSON.stringify(line['problems']), 'keepAliveTimeoutMs')
    assert.equal(await supervised.ask('/plain'), 'plain\n')
    assert.lengthOf(supervised.pids, 2)
    assert.deepEqual((await supervised.metrics()).workers.reloads, { done: 0, refused: 1 })
  })

  it('or keep the old settings when a plugin is broken', async () => {
    supervised = await SupervisedServer.start()
    supervised.folder.write('plugins/bad.js', BROKEN_PLUGIN)
    supervised.reload({})
    const line = await supervised.event('reload refused')
    assert.include(line['reason'], 'bad.js')
    const before = supervised.pids.slice(0, 2).map(String)
    assert.sameMembers([await supervised.ask('/pid'), await supervised.ask('/pid')], before)
  })

  it('and change the number of workers', async () => {
    supervised = await SupervisedServer.start()
    for (const [round, workers] of [3, 1].entries()) {
      supervised.reload({ workers })
      await eventually('the reload is done', () => supervised.events('settings reloaded').length > round)
      await supervised.untilReady(workers)
    }
  })

  it('and move to another address', async () => {
    supervised = await SupervisedServer.start({ host: '127.0.0.1' })
    const { server } = supervised
    supervised.reload({ host: '127.0.0.2' })
    await supervised.event('settings reloaded')
    const { port } = await server.logLine(({ event, host }) => event === 'server listening' && host === '127.0.0.2')
    const client = await RawClient.connect(port as number, '127.0.0.2')
    client.send(get('/plain', 'Connection: close'))
    assert.equal((await client.lastResponse()).status, 200)
    const refusal = await RawClient.connect(server.port).catch(
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    )
    assert.equal(refusal, 'ECONNREFUSED')
  })
})
