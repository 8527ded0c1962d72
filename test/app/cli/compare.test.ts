import { tmpdir } from 'node:os'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'
import { commandLine, type CommandLineParts } from '../../../src/app/cli/command-line.js'
import { contestantsOf } from '../../../src/app/cli/compare/contest.js'
import { CLEAR_LINE } from '../../../src/app/cli/load.js'
import type { LoadOptions, LoadReport } from '../../../src/ports/tools/load.js'
import type { ServerUsage } from '../../../src/ports/tools/measured-server.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { idleParts } from './idle-parts.js'

function reportOf(requestsPerSecond: number, changed: Partial<LoadReport> = {}): LoadReport {
  return {
    seconds: 5,
    requests: requestsPerSecond * 5,
    errors: { connection: 0, timeout: 0, status: 0 },
    bytes: 5_000_000,
    latencyMs: { p50: 1, p95: 2, p99: 3, max: 4 },
    quantilesMs: [
      [0.5, 1],
      [0.99, 3],
      [1, 4],
    ],
    processorMs: 1000,
    ...changed,
  }
}

interface Surroundings {
  /** What comes of the load on a server. */
  readonly report?: (engine: string, round: number) => LoadReport
  readonly usage?: (asked: number) => ServerUsage | null
  /** At which of all loads the user ends it, from 1. */
  readonly interruptedAt?: number
  readonly serverFailure?: Error
  /** Whether the user ends it while the first server starts. */
  readonly isInterrupted?: boolean
  readonly reportFailure?: Error
  readonly errIsTerminal?: boolean
  readonly epollWorks?: boolean
  readonly settings?: CommandLineParts['settings']
}

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What was done, in order. */
  readonly deeds: readonly string[]
  /** Of each server that was started. */
  readonly words: readonly (readonly string[])[]
  readonly orders: readonly LoadOptions[]
  readonly page: string
}

const FAST = (engine: string): LoadReport => reportOf(engine === 'selectors' ? 2000 : 1000)

/** Compares servers that are not there, by a load that is not made. */
async function run(flags: string, surroundings: Surroundings = {}): Promise<Run> {
  const { report = FAST, interruptedAt = Infinity, errIsTerminal = false, settings } = surroundings
  const { usage = (asked) => ({ processorMs: asked * 100, residentBytes: 50e6 + asked * 1000 }) } = surroundings
  const told = { out: '', err: '', page: '' }
  const deeds: string[] = []
  const words: (readonly string[])[] = []
  const orders: LoadOptions[] = []
  let interrupt = (): void => undefined
  const rounds = new Map<string, number>()
  const program = commandLine({
    ...{ ...idleParts(), ...(settings && { settings }) },
    tryEpoll: async () => (surroundings.epollWorks ? 'epoll' : Promise.reject(new Error('there is none'))),
    errIsTerminal,
    startServer: async (all) => {
      if (surroundings.isInterrupted) interrupt()
      if (surroundings.serverFailure) throw surroundings.serverFailure
      words.push(all)
      deeds.push(`start ${engineOf(all)}`)
      let asked = 0
      return {
        origins: ['http://127.0.0.1:1234', 'https://127.0.0.1:1235'],
        usage: () => usage(++asked),
        stop: async () => void deeds.push('stop'),
      }
    },
    beginLoad: (order, progress) => {
      orders.push(order)
      deeds.push(`load ${order.durationMs}`)
      progress(500, 1000)
      const engine = engineOf(words.at(-1)!)
      const round = rounds.get(engine) ?? 0
      if (order.durationMs !== 1000) rounds.set(engine, round + 1)
      const load = { report: Promise.resolve(report(engine, round)), stop: () => void deeds.push('end load') }
      if (orders.length === interruptedAt) queueMicrotask(() => interrupt())
      return load
    },
    openReport: async (path) => {
      if (surroundings.reportFailure) throw surroundings.reportFailure
      deeds.push(`open ${path}`)
      return async (text) => void (told.page = text)
    },
    onInterrupt: (listener) => (interrupt = listener),
    out: (text) => (told.out += text),
    err: (text) => (told.err += text),
  })
  const code = await program(['compare', ...flags.split(' ').filter((word) => word !== '')], {})
  return { code, ...told, deeds, words, orders }
}

const engineOf = (words: readonly string[]): string =>
  words.findLast((word) => word.startsWith('engine='))!.slice('engine='.length)

describe('portico compare', () => {
  describe('the servers that are compared', () => {
    const tls = (changed: Partial<Settings['tls']>): Partial<Settings> => ({
      tls: { ...DEFAULT_SETTINGS.tls, ...changed },
    })
    const cases: [what: string, settings: Partial<Settings>, kind: 'epoll' | 'net', sockets: string[]][] = [
      ['all sockets where the settings leave them open', { socket: 'auto' }, 'epoll', ['epoll', 'net']],
      ["Node's where there are no others", { socket: 'auto' }, 'net', ['net']],
      ['those that are wanted', { socket: 'net' }, 'net', ['net']],
      ['those that are wanted, though slower ones work', { socket: 'epoll' }, 'epoll', ['epoll']],
      ["Node's where HTTPS is all there is", { socket: 'auto', ...tls({ only: true }) }, 'epoll', ['net']],
      ["Node's where HTTP only leads to HTTPS", { socket: 'epoll', ...tls({ redirectHttp: true }) }, 'epoll', ['net']],
    ]
    for (const [what, settings, kind, sockets] of cases) {
      it(`have ${what}`, () => {
        const found = contestantsOf({ ...DEFAULT_SETTINGS, ...settings }, { kind, reason: '' })
        const on = (engine: string): string[] =>
          found.filter((each) => each.engine === engine).map(({ socket }) => socket)
        assert.deepEqual([on('selectors'), on('threadpool')], [sockets, sockets])
      })
    }

    it('are started with what the user has said, and on free ports of this machine alone', async () => {
      const { words } = await run(`--port 80 --config a.yaml --rounds 1`)
      const begin = ['serve', '--config', 'a.yaml', '--set', 'port=80']
      assert.deepEqual(words[0]!.slice(0, begin.length), begin)
      assert.includeMembers(words[0]!.slice(begin.length), [
        'engine=selectors',
        'socket=net',
        'host=127.0.0.1',
        'port=0',
      ])
    })

    it('serve a folder, if told to', async () => {
      const { words } = await run(`${tmpdir()} --rounds 1`, {
        settings: new LayeredSettings({ terminal: false, workingDirectory: tmpdir() }),
      })
      assert.deepEqual(words[0]!.slice(0, 2), ['serve', tmpdir()])
    })
  })

  it('warms each server up, measures it and stops it, in turns that another one begins each time', async () => {
    const { deeds, code } = await run(`--rounds 2`)
    const turn = (engine: string): string[] => [`start ${engine}`, 'load 1000', 'load 5000', 'stop']
    const [a, b] = [turn('selectors'), turn('threadpool')]
    assert.deepEqual(deeds, [...a, ...b, ...b, ...a])
    assert.equal(code, 0)
  })

  it('asks what the flags say, at the address that the server tells', async () => {
    const { orders } = await run(
      `--rounds 1 --path /x --concurrency 3 --duration 2 --pipeline-depth 4 --method POST --body hi`,
    )
    assert.deepEqual(orders[1], {
      url: 'http://127.0.0.1:1234/x',
      socketPath: null,
      connections: 3,
      durationMs: 2000,
      keepAlive: true,
      pipelining: 4,
      method: 'POST',
      headers: [],
      body: 'hi',
      rate: null,
    })
  })

  it('tells what each request has cost the server', async () => {
    const { out } = await run(`--rounds 1`)
    // 100 ms for 10 000 requests, and for 5 000.
    assert.match(out, /\nµs of processor per request +10\.0 \(10\.0-10\.0\) +20\.0 \(20\.0-20\.0\)\n/)
    assert.match(out, /\nmemory, MB +50 \(50-50\) +50 \(50-50\)\n/)
  })

  it('says what it cannot tell', async () => {
    const { out, code } = await run(`--rounds 1`, { usage: () => null })
    assert.match(out, /\nµs of processor per request +unknown +unknown\n/)
    assert.equal(code, 0)
  })

  it('shows the noise: the median, the least and the greatest of all rounds', async () => {
    const { out } = await run(`--rounds 3`, {
      report: (engine, round) => reportOf(engine === 'selectors' ? 2000 + 100 * round : 100),
    })
    assert.match(
      out,
      /^GET \/, 64 connections, 3 rounds of 5 s in turns; Node 1, 2 cores; medians \(least-greatest\)\n/,
    )
    assert.match(out, /\nrequests per second +2100 \(2000-2200\) +100 \(100-100\)\n/)
  })

  it('warns where the load could do no more', async () => {
    const { out } = await run(`--rounds 1`, { report: () => reportOf(2000, { processorMs: 4900 }) })
    assert.match(out, /\nIn 2 of 2 measurements the load took all of a core/)
  })

  describe('a gate', () => {
    const status = (errors: number): Partial<LoadReport> => ({ errors: { connection: 0, timeout: 0, status: errors } })
    const p95 = (ms: number): Partial<LoadReport> => ({ latencyMs: { p50: 1, p95: ms, p99: ms, max: ms } })
    const cases: [what: string, flags: string, report: NonNullable<Surroundings['report']>, failed: RegExp | null][] = [
      ['passes just as many errors', '', (engine) => reportOf(engine === 'selectors' ? 2000 : 1000, status(50)), null],
      ['fails more errors', '', () => reportOf(2000, status(101)), /^FAIL {2}.*errors/m],
      [
        'fails errors of a single round',
        '',
        (_, round) => reportOf(2000, status(round === 1 ? 10_000 : 0)),
        /^FAIL {2}.*errors.*-100\.00\)/m,
      ],
      ['passes more errors that are allowed', '--max-errors 50 --min-ratio 1', () => reportOf(2000, status(500)), null],
      ['fails what is slow', '', () => reportOf(2000, p95(201)), /^FAIL {2}.*p95, ms: 201/m],
      ['passes what is slow when that is allowed', '--max-p95 300 --min-ratio 1', () => reportOf(2000, p95(201)), null],
      ['passes 1.8 times', '', (engine) => reportOf(engine === 'selectors' ? 1800 : 1000), null],
      [
        'fails less',
        '',
        (engine) => reportOf(engine === 'selectors' ? 1799 : 1000),
        /^FAIL {2}.*of those of threadpool: 1\.80/m,
      ],
      ['fails where nothing is answered', '', () => reportOf(0), /^FAIL.*of those of threadpool: unknown/m],
    ]
    for (const [what, flags, report, failed] of cases) {
      it(what, async () => {
        const { out, code } = await run(flags, { report })
        if (failed === null) assert.notMatch(out, /^FAIL/m)
        else assert.match(out, failed)
        assert.equal(code, failed === null ? 0 : 1)
      })
    }

    it('is there for the sockets of each kind', async () => {
      const { out } = await run('--rounds 1', { epollWorks: true })
      assert.lengthOf(out.match(/^pass {2}selectors on (?:epoll|net), /gm)!, 6)
    })
  })

  describe('other forms', () => {
    it('are JSON with every round', async () => {
      const { out } = await run(`--rounds 2 --json`)
      const told = JSON.parse(out) as {
        servers: { engine: string; rounds: unknown[]; figures: object }[]
        gates: { passed: boolean }[]
      }
      assert.deepEqual(
        told.servers.map(({ engine, rounds }) => [engine, rounds.length]),
        [
          ['selectors', 2],
          ['threadpool', 2],
        ],
      )
      assert.deepEqual(
        told.gates.map(({ passed }) => passed),
        [true, true, true],
      )
      assert.deepInclude(told.servers[0]!.figures, {
        requestsPerSecond: { median: 2000, min: 2000, max: 2000, rounds: [2000, 2000] },
      })
    })

    it('are Markdown', async () => {
      const { out } = await run(`--rounds 1 --markdown`)
      assert.match(
        out,
        /\n\| {2}\| selectors on net \| threadpool on net \|\n\| --- \| --- \| --- \|\n\| requests per second \| 2000/,
      )
      assert.match(out, /\n- pass {2}selectors on net, errors/)
    })

    it('are not both', async () => {
      const { code, err } = await run(`--json --markdown`)
      assert.equal(code, 2)
      assert.match(err, /cannot be used with/)
    })

    it('are a page that needs nothing else', async () => {
      const { page, deeds, out } = await run(`--rounds 1 --report r.html --path /<i>`)
      assert.equal(deeds[0], 'open r.html')
      assert.match(out, /^GET/)
      assert.lengthOf(page.match(/<svg /g)!, 4)
      assert.notMatch(page, /src=|href=|@import|url\(|<i>|NaN|Infinity/)
    })

    it('are a page though the system does not tell, and nothing is answered', async () => {
      const { page } = await run(`--rounds 1 --report r.html`, {
        usage: () => null,
        report: () => reportOf(0),
      })
      assert.match(page, /This system does not tell/)
      assert.notMatch(page, /="[^"]*(?:NaN|Infinity)/)
    })
  })

  describe('what goes wrong', () => {
    it('is a report that cannot be written, told before anything is measured', async () => {
      const { code, err, deeds } = await run(`--report /r`, {
        reportFailure: new Error('Cannot write "/r": no'),
      })
      assert.deepEqual([code, err, deeds], [1, 'portico: Cannot write "/r": no\n', []])
    })

    it('is a server that does not start', async () => {
      const { code, err, out } = await run('', { serverFailure: new Error('Cannot start the server: taken') })
      assert.deepEqual([code, err, out], [1, 'portico: Cannot start the server: taken\n', ''])
    })

    it('is the user who ends it: whole rounds are told, and the server is stopped', async () => {
      const { code, err, out, deeds } = await run(`--rounds 3`, { interruptedAt: 6 })
      assert.deepEqual(deeds.slice(-3), ['load 5000', 'end load', 'stop'])
      assert.equal(err, 'portico: Ended after 1 of 3 rounds\n')
      assert.match(out, /, 1 of 3 rounds of 5 s/)
      assert.equal(code, 1)
    })

    it('is the user who ends it while a server starts: that has failed for no other reason', async () => {
      const { code, err } = await run('', {
        serverFailure: new Error('Cannot start the server: '),
        isInterrupted: true,
      })
      assert.deepEqual([code, err], [1, 'portico: Ended after 0 of 3 rounds\n'])
    })

    it('is the user who ends it in the first round: there is nothing to tell', async () => {
      const { code, err, out } = await run('', { interruptedAt: 1 })
      assert.deepEqual([code, err, out], [1, 'portico: Ended after 0 of 3 rounds\n', ''])
    })

    it('is a number that is none', async () => {
      assert.equal((await run('--rounds 0')).code, 2)
      assert.equal((await run('--min-ratio x')).code, 2)
      assert.equal((await run('--pipeline-depth 2 --no-keepalive')).code, 2)
    })
  })

  it('tells at a terminal how far it is', async () => {
    const { err } = await run(`--rounds 1`, { errIsTerminal: true })
    assert.match(err, /1 of 5 s, 500 requests, 500 a second, round 1 of 1, selectors on net/)
    assert.isTrue(err.endsWith(CLEAR_LINE))
  })
})
