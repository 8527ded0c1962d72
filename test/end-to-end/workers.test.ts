import { execFileSync, spawnSync } from 'node:child_process'
import { kill } from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { TemporaryFolder } from './support/folder.js'
import { eventually, openDescriptors, TELLS_FACTS } from './support/process-facts.js'
import { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { valueOf } from './support/response-reader.js'
import { startServer, type LogLine, type RunningServer } from './support/server.js'
import { NOT_TAKEN, SteadyLoad } from './support/steady-load.js'
import { itWithWrk, wrk } from './support/wrk.js'

/** A plugin that shows which process answers, and that can block or end it. */
const PROBE = `
import { definePlugin, stream, text } from 'portico/plugin'

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export default definePlugin({
  name: 'probe',
  routes: {
    'GET /plain': () => 'plain\\n',
    'GET /pid': () => String(process.pid),
    'GET /slow': async ({ query }) => {
      await later(Number(query.get('ms')))
      return 'slow\\n'
    },
    'GET /spin': () => {
      for (;;) Math.random()
    },
    'GET /exit': () => process.exit(3),
  },
})
`

const BROKEN = "export default { routes: { 'GET /x': 3 } }\n"

/** Whether a test can limit the descriptors of a process. */
const CAN_LIMIT = TELLS_FACTS && spawnSync('prlimit', ['--version']).status === 0

const PLENTY = 512

function limitDescriptors(pid: number, most: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`])
}

const isGone = (pid: number): boolean => {
  try {
    kill(pid, 0)
    return false
  } catch {
    return true
  }
}

describe('Worker processes', function () {
  this.timeout(60_000)

  const running: RunningServer[] = []
  const folders: TemporaryFolder[] = []

  afterEach(async () => {
    for (const server of running.splice(0)) if (server.program.isRunning) await killAll(server)
    for (const folder of folders.splice(0)) folder.remove()
  })

  function newFolder(files: Readonly<Record<string, string>>): TemporaryFolder {
    const folder = new TemporaryFolder(files)
    folders.push(folder)
    return folder
  }

  /** Starts a server with two workers; its configuration file is next to its plugins. */
  const start = (settings: Readonly<Record<string, unknown>> = {}, further: readonly string[] = []) =>
    startByFile({ workers: 2, ...settings }, further)

  /** Starts a server that takes all settings but the port from its configuration file. */
  async function startByFile(settings: Readonly<Record<string, unknown>>, further: readonly string[] = []) {
    const folder = newFolder({ 'plugins/probe.js': PROBE, 'portico.json5': JSON.stringify(settings) })
    const flags = ['--plugins', `${folder.path}/plugins`, '--config', `${folder.path}/portico.json5`, ...further]
    const server = await startServer({ flags })
    running.push(server)
    return { server, folder }
  }

  const events = (server: RunningServer, event: string): LogLine[] =>
    server.logLines().filter((line) => line['event'] === event)

  const pids = (server: RunningServer): number[] => events(server, 'worker started').map(({ pid }) => pid as number)

  async function ask(server: RunningServer, target: string): Promise<string> {
    const client = await server.connect()
    client.send(get(target, 'Connection: close'))
    const response = await client.response()
    client.close()
    return response.status === 200 ? response.content : String(response.status)
  }

  /** Kills the workers, too: one with a blocked event loop would outlive its supervisor for a while. */
  function killAll(server: RunningServer): Promise<unknown> {
    const stopped = server.stop('SIGKILL')
    for (const pid of pids(server)) if (!isGone(pid)) kill(pid, 'SIGKILL')
    return stopped
  }

  interface Metrics {
    readonly requests: { readonly total: number }
    readonly routes: readonly { readonly route: string; readonly requests: number }[]
    readonly workers: Readonly<Record<string, unknown>> & { readonly lost: Readonly<Record<string, number>> }
  }

  const metrics = async (server: RunningServer): Promise<Metrics> =>
    JSON.parse(await ask(server, '/_metrics')) as Metrics

  describe('share a port', () => {
    it('and each gets the same number of connections', async () => {
      const { server } = await start()
      const answers: string[] = []
      for (let round = 0; round < 20; round++) answers.push(await ask(server, '/pid'))
      for (const pid of pids(server))
        assert.lengthOf(
          answers.filter((each) => each === String(pid)),
          10,
        )
    })

    it('and any of them reports the metrics of all, in sum and per worker', async () => {
      const { server } = await start()
      for (let round = 0; round < 10; round++) await ask(server, '/plain')
      const totals = [(await metrics(server)).requests.total, (await metrics(server)).requests.total]
      assert.deepEqual(totals, [11, 12])
      const { workers } = JSON.parse(await ask(server, '/_metrics?per=worker')) as { workers: { pid: number }[] }
      assert.sameMembers(
        workers.map(({ pid }) => pid),
        pids(server),
      )
    })

    it('and their number is in the banner and in the metrics', async () => {
      const { server } = await start()
      assert.match(server.program.stderr, /^portico serving with 2 workers, (epoll|net) sockets$/m)
      const { configured, ready, lost, reloads } = (await metrics(server)).workers
      assert.deepEqual(
        { configured, ready, lost, reloads },
        {
          configured: 2,
          ready: 2,
          lost: { died: 0, unresponsive: 0 },
          reloads: { done: 0, refused: 0 },
        },
      )
    })

    it('and write one log, in whole lines, with one line for each request', async () => {
      const { server } = await start()
      const load = new SteadyLoad(server.port, 16)
      await eventually('many are answered', () => load.tally.answered >= 300)
      const { answered, failures } = await load.stop()
      assert.deepEqual(failures, [])
      await server.stop()
      const lines = server.logLines().filter(({ target }) => target === '/plain')
      assert.lengthOf(lines, answered)
      assert.sameMembers([...new Set(lines.map(({ worker }) => worker))], [1, 2])
    })
  })

  describe('that cannot start', () => {
    const refusals: [problem: string, files: Readonly<Record<string, string>>, told: RegExp][] = [
      ['a broken plugin', { 'plugins/bad.js': BROKEN }, /portico: .*bad\.js/],
      [
        'a process that ends',
        { 'plugins/bad.js': 'process.exit(7)\n' },
        /portico: Cannot start worker \d: it ended with code 7/,
      ],
    ]
    for (const [problem, files, told] of refusals) {
      it(`end the service with code 1, and ${problem} is named once`, async () => {
        const folder = newFolder(files)
        const failed = startServer({ flags: ['--workers', '2', '--plugins', `${folder.path}/plugins`] })
        const failure = await failed.then(
          () => null,
          (error: unknown) => (error as Error).message,
        )
        assert.lengthOf(failure!.split('portico: '), 2)
        assert.match(failure!, told)
      })
    }

    it('end the service with code 1 when the port is in use', async () => {
      const { server } = await start()
      const failed = startServer({ flags: ['--workers', '2', '--port', String(server.port)] })
      const failure = await failed.then(
        () => null,
        (error: unknown) => (error as Error).message,
      )
      assert.match(failure!, /Cannot listen on 127\.0\.0\.1:\d+: the port is in use/)
    })
  })

  describe('that are lost', () => {
    it('are replaced when they are killed, while the others keep serving', async () => {
      const { server } = await start()
      const [victim, other] = pids(server) as [number, number]
      const load = new SteadyLoad(server.port, 8)
      await eventually('some are answered', () => load.tally.answered >= 50)
      kill(victim, 'SIGKILL')
      const lost = await server.logLine(({ event }) => event === 'worker lost')
      assert.deepInclude(lost, { worker: 1, pid: victim, cause: 'died', code: null, signal: 'SIGKILL' })
      await eventually(
        'the replacement answers',
        async () => !['', String(victim), String(other)].includes(await ask(server, '/pid')),
      )
      const { failures, answered } = await load.stop()
      assert.isAtMost(failures.length, 8, 'no more than the connections that it had')
      assert.isAbove(answered, 50)
      const { lost: counted, ready } = (await metrics(server)).workers
      assert.deepEqual([counted, ready], [{ died: 1, unresponsive: 0 }, 2])
    })

    it('keep their counters in the metrics', async () => {
      const { server } = await start()
      const plain = async (): Promise<number | undefined> =>
        (await metrics(server)).routes.find(({ route }) => route === 'GET /plain')?.requests
      for (let round = 0; round < 10; round++) await ask(server, '/plain')
      assert.equal(await plain(), 10)
      kill(pids(server)[0]!, 'SIGKILL')
      await eventually('both workers are ready', async () => (await metrics(server)).workers['ready'] === 2)
      assert.equal(await plain(), 10)
    })

    it('are replaced when a handler blocks the event loop', async () => {
      const { server } = await start({ workerTimeoutMs: 1000 })
      const spinning = await server.connect()
      spinning.send(get('/spin'))
      await setTimeout(100)
      const load = new SteadyLoad(server.port, 4)
      const lost = await server.logLine(({ event }) => event === 'worker lost')
      assert.deepInclude(lost, { cause: 'unresponsive', signal: 'SIGKILL' })
      assert.equal(await spinning.rest(), '', 'its connection is cut')
      assert.deepEqual((await load.stop()).failures, [])
      await eventually('both workers are ready', async () => (await metrics(server)).workers['ready'] === 2)
    })

    it('delay other requests only until their connections go to another worker', async () => {
      const { server } = await start({ workerTimeoutMs: 10_000 })
      const spinning = await server.connect()
      spinning.send(get('/spin'))
      await setTimeout(100)
      const load = new SteadyLoad(server.port, 4)
      await eventually('one has waited', () => load.tally.longestMs > 400 && load.tally.answered > 50)
      const { answered, failures, longestMs } = await load.stop()
      assert.deepEqual(failures, [])
      assert.isAbove(answered, 50)
      assert.isAbove(longestMs, 400, 'one was handed to the spinning worker')
      assert.isBelow(longestMs, 1500)
      assert.lengthOf(events(server, 'worker lost'), 0)
    })

    it('again and again are logged as a crash loop, and the readiness check fails', async () => {
      const { server, folder } = await start()
      folder.write(
        'plugins/dies.js',
        'setTimeout(() => process.exit(9), 50)\nexport default { name: "dies", routes: {} }\n',
      )
      const [victim] = pids(server) as [number]
      kill(victim, 'SIGKILL')
      const crash = await server.logLine(({ event }) => event === 'worker crash loop')
      assert.deepInclude(crash, { level: 'error', worker: 1 })
      assert.equal(await ask(server, '/readyz'), '503')
      assert.lengthOf(events(server, 'worker crash loop'), 1)
    })

    it('drain and end when their supervisor is killed', async () => {
      const { server } = await start()
      const slow = await server.connect()
      slow.send(get('/slow?ms=500'))
      await setTimeout(100)
      server.program.kill('SIGKILL')
      const response = await slow.response()
      assert.deepEqual([response.status, valueOf(response, 'connection')], [200, 'close'])
      slow.close()
      await eventually('no process is left', () => pids(server).every(isGone))
    })

    it('are killed when their supervisor is killed while their event loop is blocked', async function () {
      if (!TELLS_FACTS) return this.skip()
      const { server } = await start({ drain: { timeoutMs: 0 } })
      const spinning = await server.connect()
      spinning.send(get('/spin'))
      await setTimeout(200)
      server.program.kill('SIGKILL')
      await eventually('no process is left', () => pids(server).every(isGone))
    })

    it('do not include those that receive SIGTERM themselves: they are replaced while they drain', async () => {
      const { server } = await start()
      const first = await ask(server, '/pid')
      const victim = pids(server).find((pid) => String(pid) !== first)!
      const slow = await server.connect()
      slow.send(get('/slow?ms=6000'))
      await setTimeout(100)
      const load = new SteadyLoad(server.port, 8)
      kill(victim, 'SIGTERM')
      await server.logLine(({ event }) => event === 'worker draining')
      await eventually('it is replaced', async () => (await metrics(server)).workers['ready'] === 2)
      assert.isFalse(isGone(victim))
      assert.equal((await slow.lastResponse()).status, 200)
      await eventually('it has ended', () => isGone(victim))
      assert.deepEqual((await metrics(server)).workers.lost, { died: 0, unresponsive: 0 })
      const { failures } = await load.stop()
      assert.deepEqual(
        failures.filter((each) => each !== 'status 503'),
        [],
      )
      assert.isTrue(server.program.isRunning)
    })
  })

  describe('that run out of descriptors', () => {
    it('lose no connection, and get connections again', async function () {
      if (!CAN_LIMIT) return this.skip()
      const { server } = await start()
      const [victim] = pids(server) as [number]
      const room = 5
      limitDescriptors(victim, openDescriptors(victim) + room)
      const crowd: RawClient[] = []
      for (let each = 0; each < 10 * room; each++) crowd.push(await server.connect())
      for (const client of crowd) client.send(get('/plain'))
      for (const client of crowd) assert.equal((await client.response()).status, 200)
      for (const client of crowd) client.close()
      limitDescriptors(victim, PLENTY)
      await eventually('it serves again', async () => (await ask(server, '/pid')) === String(victim))
      assert.lengthOf(events(server, 'worker lost'), 0)
    })
  })

  describe('reload their settings at SIGHUP', () => {
    const reloaded = (server: RunningServer): Promise<LogLine> =>
      server.logLine(({ event }) => event === 'settings reloaded')
    const refused = (server: RunningServer): Promise<LogLine> =>
      server.logLine(({ event }) => event === 'reload refused')

    it('one by one, and no request fails', async () => {
      const { server, folder } = await start({ serverName: 'before' })
      const before = pids(server)
      const load = new SteadyLoad(server.port, 16)
      await eventually('many are answered', () => load.tally.answered > 100)
      folder.write('portico.json5', JSON.stringify({ workers: 2, serverName: 'after' }))
      server.program.kill('SIGHUP')
      await reloaded(server)
      await eventually('the old workers have ended', () => before.every(isGone))
      const { failures, answered } = await load.stop()
      assert.deepEqual(failures, [])
      assert.isAbove(answered, 100)
      const client = await server.connect()
      client.send(get('/plain', 'Connection: close'))
      assert.equal(valueOf(await client.lastResponse(), 'server'), 'after')
      const { reloads, lost } = (await metrics(server)).workers
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
        const { server } = await start({ log: { access: false } }, ['--engine', engine])
        const load = wrk(`${server.origin}/plain`, 4)
        for (let round = 1; round <= 2; round++) {
          server.program.kill('SIGHUP')
          await eventually('it has reloaded', () => events(server, 'settings reloaded').length === round)
        }
        const { requests, troubles } = await load
        assert.deepEqual(troubles, [])
        assert.isAbove(requests, 1000)
      })
    }

    it('or keep the old settings when the new ones have a mistake', async () => {
      const { server, folder } = await start()
      folder.write('portico.json5', JSON.stringify({ workers: 2, keepAliveTimeoutMs: 'soon' }))
      server.program.kill('SIGHUP')
      const line = await refused(server)
      assert.include(JSON.stringify(line['problems']), 'keepAliveTimeoutMs')
      assert.equal(await ask(server, '/plain'), 'plain\n')
      assert.lengthOf(pids(server), 2)
      assert.deepEqual((await metrics(server)).workers['reloads'], { done: 0, refused: 1 })
    })

    it('or keep the old settings when a plugin is broken', async () => {
      const { server, folder } = await start()
      folder.write('plugins/bad.js', BROKEN)
      server.program.kill('SIGHUP')
      const line = await refused(server)
      assert.include(line['reason'], 'bad.js')
      const before = pids(server).slice(0, 2).map(String)
      assert.sameMembers([await ask(server, '/pid'), await ask(server, '/pid')], before)
    })

    it('and change the number of workers', async () => {
      const { server, folder } = await startByFile({ workers: 2 })
      for (const [round, workers] of [3, 1].entries()) {
        folder.write('portico.json5', JSON.stringify({ workers }))
        server.program.kill('SIGHUP')
        await eventually('it is done', () => events(server, 'settings reloaded').length > round)
        await eventually(
          'the new number of workers is ready',
          async () => (await metrics(server)).workers['ready'] === workers,
        )
      }
    })

    it('and move to another address', async () => {
      const { server, folder } = await startByFile({ workers: 2, host: '127.0.0.1' })
      folder.write('portico.json5', JSON.stringify({ workers: 2, host: '127.0.0.2' }))
      server.program.kill('SIGHUP')
      await reloaded(server)
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

  describe('drain', () => {
    it('together, and their reports add up', async () => {
      const { server } = await start()
      const clients: RawClient[] = []
      for (let round = 0; round < 6; round++) clients.push(await server.connect())
      for (const client of clients) client.send(get('/slow?ms=800'))
      await eventually('all requests are in flight', async () => {
        const { requests } = JSON.parse(await ask(server, '/_metrics')) as { requests: { inFlight: number } }
        return requests.inFlight >= 7
      })
      const exit = server.stop()
      for (const client of clients) assert.equal((await client.lastResponse()).status, 200)
      assert.deepEqual(await exit, { code: 0, signal: null })
      assert.match(server.program.stderr, /portico stopped: 6 requests finished, 0 rejected, none cut off\n$/)
      assert.isTrue(pids(server).every(isGone))
    })

    it('under load, and answer every request, if only with 503', async () => {
      const { server } = await start()
      const load = new SteadyLoad(server.port, 16)
      await eventually('many are answered', () => load.tally.answered > 100)
      const { code } = await server.stop()
      const { failures } = await load.stop()
      assert.equal(code, 0)
      // A connection made while the port closes is refused. A request that came before is served, or gets 503.
      const unexpected = failures.filter((each) => each !== 'status 503' && !each.startsWith(NOT_TAKEN))
      assert.deepEqual(unexpected, [])
    })

    it('and end at once at a second signal', async () => {
      const { server } = await start()
      const slow = await server.connect()
      slow.send(get('/slow?ms=20000'))
      await setTimeout(200)
      server.program.kill('SIGTERM')
      await server.program.said('stderr', (text) => /draining/.exec(text))
      const beganMs = performance.now()
      const { code } = await server.stop()
      assert.equal(code, 1)
      assert.isBelow(performance.now() - beganMs, 2000)
      await eventually('no process is left', () => pids(server).every(isGone))
    })

    it('only once when Ctrl-C reaches all processes', async () => {
      const { server } = await start()
      for (const pid of [...pids(server), server.program.pid]) kill(pid, 'SIGINT')
      assert.deepEqual(await server.program.ending(), { code: 0, signal: null })
      assert.lengthOf(events(server, 'worker lost'), 0)
    })

    it('and report a worker that dies in the drain', async () => {
      const { server } = await start()
      const clients = [await server.connect(), await server.connect()]
      for (const client of clients) client.send(get('/slow?ms=1500'))
      await setTimeout(300)
      server.program.kill('SIGTERM')
      await server.logLine(({ event }) => event === 'server draining')
      kill(pids(server)[0]!, 'SIGKILL')
      for (const client of clients) void client.rest().then(() => client.close())
      const { code } = await server.program.ending()
      assert.equal(code, 1)
      assert.match(
        server.program.stderr,
        /portico stopped: 1 request finished, 0 rejected, 1 cut off \(1 worker lost\)\n$/,
      )
    })
  })
})
