import { kill } from 'node:process'
import { assert } from 'chai'
import { after, afterEach, describe, it } from 'mocha'
import { begunTogether } from '../support/begun-together.js'
import { eventually } from '../support/waiting.js'
import { valueOf } from '../wire/response-parser.js'
import { SteadyLoad } from './support/steady-load.js'
import { isGone, SupervisedServer } from './support/supervised-server.js'

describe('Worker processes that are lost', () => {
  let supervised: SupervisedServer

  afterEach(() => supervised.remove())

  it('are replaced when they are killed, while the others keep serving', async () => {
    supervised = await SupervisedServer.start()
    const [victim, other] = supervised.pids as [number, number]
    const load = new SteadyLoad(supervised.server.port, 8)
    await eventually('some requests are answered', () => load.tally.answered >= 50)
    kill(victim, 'SIGKILL')
    const lost = await supervised.event('worker lost')
    assert.deepInclude(lost, { worker: 1, pid: victim, cause: 'died', code: null, signal: 'SIGKILL' })
    await eventually(
      'the replacement answers',
      async () => !['', String(victim), String(other)].includes(await supervised.ask('/pid')),
    )
    const { failures, answered } = await load.stop()
    assert.isAtMost(failures.length, 8, 'no more than the connections of the killed worker')
    assert.isAbove(answered, 50)
    const { lost: counted, ready } = (await supervised.metrics()).workers
    assert.deepEqual([counted, ready], [{ died: 1, unresponsive: 0 }, 2])
  })

  it('keep their counters in the metrics', async () => {
    supervised = await SupervisedServer.start()
    const plain = async (): Promise<number | undefined> =>
      (await supervised.metrics()).routes.find(({ route }) => route === 'GET /plain')?.requests
    for (let round = 0; round < 10; round++) await supervised.ask('/plain')
    assert.equal(await plain(), 10)
    kill(supervised.pids[0]!, 'SIGKILL')
    await supervised.untilReady(2)
    assert.equal(await plain(), 10)
  })

  it('are replaced when a handler blocks the event loop', async () => {
    supervised = await SupervisedServer.start({ workerTimeoutMs: 1000 })
    const [blocked] = await supervised.begin('/block')
    const load = new SteadyLoad(supervised.server.port, 4)
    const lost = await supervised.event('worker lost')
    assert.deepInclude(lost, { cause: 'unresponsive', signal: 'SIGKILL' })
    assert.equal(await blocked!.rest(), '', 'its connection is cut')
    assert.deepEqual((await load.stop()).failures, [])
    await supervised.untilReady(2)
  })

  it('delay other requests only until their connections go to another worker', async () => {
    supervised = await SupervisedServer.start({ workerTimeoutMs: 10_000 })
    await supervised.begin('/block')
    const load = new SteadyLoad(supervised.server.port, 4)
    await eventually('a request was delayed', () => load.tally.longestMs > 400 && load.tally.answered > 50)
    const { answered, failures, longestMs } = await load.stop()
    assert.deepEqual(failures, [])
    assert.isAbove(answered, 50)
    assert.isAbove(longestMs, 400, 'a connection was handed to the blocked worker')
    assert.isBelow(longestMs, 1500)
    assert.lengthOf(supervised.events('worker lost'), 0)
  })

  it('do not include those that receive SIGTERM themselves: they are replaced while they drain', async () => {
    supervised = await SupervisedServer.start()
    const { server } = supervised
    const first = await supervised.ask('/pid')
    const victim = supervised.pids.find((pid) => String(pid) !== first)!
    const [held] = await supervised.begin('/held')
    const load = new SteadyLoad(server.port, 8)
    kill(victim, 'SIGTERM')
    await supervised.event('worker draining')
    await supervised.untilReady(2)
    assert.isFalse(isGone(victim))
    supervised.release()
    assert.equal((await held!.lastResponse()).status, 200)
    await eventually('the worker has ended', () => isGone(victim))
    assert.deepEqual((await supervised.metrics()).workers.lost, { died: 0, unresponsive: 0 })
    const { failures } = await load.stop()
    assert.deepEqual(
      failures.filter((each) => each !== 'status 503'),
      [],
    )
    assert.isTrue(server.program.isRunning)
  })
})

describe('Worker processes that are lost', () => {
  const servers: SupervisedServer[] = []

  after(() => Promise.all(servers.map((each) => each.remove())))

  async function start(settings: Readonly<Record<string, unknown>> = {}): Promise<SupervisedServer> {
    const supervised = await SupervisedServer.start(settings)
    servers.push(supervised)
    return supervised
  }

  const allGone = (supervised: SupervisedServer): boolean => supervised.pids.every(isGone)

  begunTogether((test) => {
    test('again and again are logged as a crash loop, and the readiness check fails', async () => {
      const supervised = await start()
      supervised.folder.write(
        'plugins/dies.js',
        'setTimeout(() => process.exit(9), 50)\nexport default { name: "dies", routes: {} }\n',
      )
      const [victim] = supervised.pids as [number]
      kill(victim, 'SIGKILL')
      const crash = await supervised.event('worker crash loop')
      assert.deepInclude(crash, { level: 'error', worker: 1 })
      assert.equal(await supervised.ask('/readyz'), '503')
      assert.lengthOf(supervised.events('worker crash loop'), 1)
    })

    test('drain and end when their supervisor is killed', async () => {
      const supervised = await start()
      const [slow] = await supervised.begin('/slow?ms=500')
      supervised.server.program.kill('SIGKILL')
      const response = await slow!.response()
      assert.deepEqual([response.status, valueOf(response, 'connection')], [200, 'close'])
      slow!.close()
      await eventually('no process is left', () => allGone(supervised))
    })

    const onLinux = process.platform === 'linux' ? test : it.skip
    onLinux('are killed when their supervisor is killed while their event loop is blocked', async () => {
      const supervised = await start({ drain: { timeoutMs: 0 } })
      await supervised.begin('/block')
      supervised.server.program.kill('SIGKILL')
      await eventually('no process is left', () => allGone(supervised))
    })
  })
})
