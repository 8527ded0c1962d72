import { tmpdir } from 'node:os'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'
import { variantsOf } from '../../../src/app/cli/compare/comparison-run.js'
import { CLEAR_LINE } from '../../../src/app/cli/load.js'
import type { LoadReport } from '../../../src/ports/tools/load.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { reportOf, type Surroundings, runCompare } from './run-compare.js'

describe('portico compare', () => {
  describe('the compared servers', () => {
    const tls = (changed: Partial<Settings['tls']>): Partial<Settings> => ({
      tls: { ...DEFAULT_SETTINGS.tls, ...changed },
    })
    const cases: [what: string, settings: Partial<Settings>, kind: 'epoll' | 'net', sockets: string[]][] = [
      ['epoll and net sockets with socket=auto', { socket: 'auto' }, 'epoll', ['epoll', 'net']],
      ['net sockets where epoll is not available', { socket: 'auto' }, 'net', ['net']],
      ['net sockets with socket=net', { socket: 'net' }, 'net', ['net']],
      ['epoll sockets with socket=epoll', { socket: 'epoll' }, 'epoll', ['epoll']],
      ['net sockets where only HTTPS is served', { socket: 'auto', ...tls({ only: true }) }, 'epoll', ['net']],
      [
        'net sockets where HTTP redirects to HTTPS',
        { socket: 'epoll', ...tls({ redirectHttp: true }) },
        'epoll',
        ['net'],
      ],
    ]
    for (const [what, settings, kind, sockets] of cases) {
      it(`use ${what}`, () => {
        const found = variantsOf({ ...DEFAULT_SETTINGS, ...settings }, { kind, reason: '' })
        const on = (engine: string): string[] =>
          found.filter((each) => each.engine === engine).map(({ socket }) => socket)
        assert.deepEqual([on('selectors'), on('threadpool')], [sockets, sockets])
      })
    }

    it('get the flags of the user, and listen on free loopback ports', async () => {
      const { words } = await runCompare(`--port 80 --config a.yaml --rounds 1`)
      const begin = ['serve', '--config', 'a.yaml', '--set', 'port=80']
      assert.deepEqual(words[0]!.slice(0, begin.length), begin)
      assert.includeMembers(words[0]!.slice(begin.length), [
        'engine=selectors',
        'socket=net',
        'host=127.0.0.1',
        'port=0',
      ])
    })

    it('serve the folder of the argument', async () => {
      const { words } = await runCompare(`${tmpdir()} --rounds 1`, {
        settings: new LayeredSettings({ terminal: false, workingDirectory: tmpdir() }),
      })
      assert.deepEqual(words[0]!.slice(0, 2), ['serve', tmpdir()])
    })
  })

  it('warms up, measures and stops each server in turn, and begins each round with another one', async () => {
    const { actions, code } = await runCompare(`--rounds 2`)
    const turn = (engine: string): string[] => [`start ${engine}`, 'load 1000', 'load 5000', 'stop']
    const [a, b] = [turn('selectors'), turn('threadpool')]
    assert.deepEqual(actions, [...a, ...b, ...b, ...a])
    assert.equal(code, 0)
  })

  it('sends the requests that the flags describe, to the origin that the server reports', async () => {
    const { orders } = await runCompare(
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

  it('prints the CPU time per request and the memory', async () => {
    const { out } = await runCompare(`--rounds 1`)
    // 100 ms for 10 000 requests, and for 5 000.
    assert.match(out, /\nCPU time per request, µs +10\.0 \(10\.0-10\.0\) +20\.0 \(20\.0-20\.0\)\n/)
    assert.match(out, /\nmemory, MB +50 \(50-50\) +50 \(50-50\)\n/)
  })

  it('prints unknown figures as unknown', async () => {
    const { out, code } = await runCompare(`--rounds 1`, { usage: () => null })
    assert.match(out, /\nCPU time per request, µs +unknown +unknown\n/)
    assert.equal(code, 0)
  })

  it('prints the median, the minimum and the maximum of all rounds', async () => {
    const { out } = await runCompare(`--rounds 3`, {
      report: (engine, round) => reportOf(engine === 'selectors' ? 2000 + 100 * round : 100),
    })
    assert.match(out, /^GET \/, 64 connections, 3 rounds of 5 s in turns; Node 1, 2 cores; median \(min-max\)\n/)
    assert.match(out, /\nrequests per second +2100 \(2000-2200\) +100 \(100-100\)\n/)
  })

  it('warns where the load generator was saturated', async () => {
    const { out } = await runCompare(`--rounds 1`, { report: () => reportOf(2000, { processorMs: 4900 }) })
    assert.match(out, /\nIn 2 of 2 measurements the load generator used all of a core/)
  })

  describe('a gate', () => {
    const status = (errors: number): Partial<LoadReport> => ({ errors: { connection: 0, timeout: 0, status: errors } })
    const p95 = (ms: number): Partial<LoadReport> => ({ latencyMs: { p50: 1, p95: ms, p99: ms, max: ms } })
    const cases: [what: string, flags: string, report: NonNullable<Surroundings['report']>, failed: RegExp | null][] = [
      [
        'passes as many errors as allowed',
        '',
        (engine) => reportOf(engine === 'selectors' ? 2000 : 1000, status(50)),
        null,
      ],
      ['fails more errors than allowed', '', () => reportOf(2000, status(101)), /^FAIL {2}.*errors/m],
      [
        'fails when a single round has too many errors',
        '',
        (_, round) => reportOf(2000, status(round === 1 ? 10_000 : 0)),
        /^FAIL {2}.*errors.*-100\.00\)/m,
      ],
      [
        'passes more errors with --max-errors',
        '--max-errors 50 --min-ratio 1',
        () => reportOf(2000, status(500)),
        null,
      ],
      ['fails a slow p95', '', () => reportOf(2000, p95(201)), /^FAIL {2}.*p95, ms: 201/m],
      ['passes a slow p95 with --max-p95', '--max-p95 300 --min-ratio 1', () => reportOf(2000, p95(201)), null],
      ['passes a ratio of 1.8', '', (engine) => reportOf(engine === 'selectors' ? 1800 : 1000), null],
      [
        'fails a lower ratio',
        '',
        (engine) => reportOf(engine === 'selectors' ? 1799 : 1000),
        /^FAIL {2}.*ratio to threadpool: 1\.80/m,
      ],
      ['fails without any response', '', () => reportOf(0), /^FAIL.*ratio to threadpool: unknown/m],
    ]
    for (const [what, flags, report, failed] of cases) {
      it(what, async () => {
        const { out, code } = await runCompare(flags, { report })
        if (failed === null) assert.notMatch(out, /^FAIL/m)
        else assert.match(out, failed)
        assert.equal(code, failed === null ? 0 : 1)
      })
    }

    it('is checked on each kind of sockets', async () => {
      const { out } = await runCompare('--rounds 1', { epollWorks: true })
      assert.lengthOf(out.match(/^pass {2}selectors on (?:epoll|net), /gm)!, 6)
    })
  })

  describe('other report formats', () => {
    it('include JSON with every round', async () => {
      const { out } = await runCompare(`--rounds 2 --json`)
      const report = JSON.parse(out) as {
        servers: { engine: string; rounds: unknown[]; figures: object }[]
        gates: { passed: boolean }[]
      }
      assert.deepEqual(
        report.servers.map(({ engine, rounds }) => [engine, rounds.length]),
        [
          ['selectors', 2],
          ['threadpool', 2],
        ],
      )
      assert.deepEqual(
        report.gates.map(({ passed }) => passed),
        [true, true, true],
      )
      assert.deepInclude(report.servers[0]!.figures, {
        requestsPerSecond: { median: 2000, min: 2000, max: 2000, rounds: [2000, 2000] },
      })
    })

    it('include Markdown', async () => {
      const { out } = await runCompare(`--rounds 1 --markdown`)
      assert.match(
        out,
        /\n\| {2}\| selectors on net \| threadpool on net \|\n\| --- \| --- \| --- \|\n\| requests per second \| 2000/,
      )
      assert.match(out, /\n- pass {2}selectors on net, errors/)
    })

    it('exclude JSON and Markdown together', async () => {
      const { code, err } = await runCompare(`--json --markdown`)
      assert.equal(code, 2)
      assert.match(err, /cannot be used with/)
    })

    it('include an HTML page without external resources', async () => {
      const { page, actions, out } = await runCompare(`--rounds 1 --report r.html --path /<i>`)
      assert.equal(actions[0], 'open r.html')
      assert.match(out, /^GET/)
      assert.lengthOf(page.match(/<svg /g)!, 4)
      assert.notMatch(page, /src=|href=|@import|url\(|<i>|NaN|Infinity/)
    })

    it('include the page when usage is unknown and nothing is answered', async () => {
      const { page } = await runCompare(`--rounds 1 --report r.html`, {
        usage: () => null,
        report: () => reportOf(0),
      })
      assert.match(page, /Not available on this system/)
      assert.notMatch(page, /="[^"]*(?:NaN|Infinity)/)
    })
  })

  describe('failures', () => {
    it('report an unwritable file before anything is measured', async () => {
      const { code, err, actions } = await runCompare(`--report /r`, {
        reportFailure: new Error('Cannot write "/r": no'),
      })
      assert.deepEqual([code, err, actions], [1, 'portico: Cannot write "/r": no\n', []])
    })

    it('report a server that does not start', async () => {
      const { code, err, out } = await runCompare('', { serverFailure: new Error('Cannot start the server: taken') })
      assert.deepEqual([code, err, out], [1, 'portico: Cannot start the server: taken\n', ''])
    })

    it('after an interrupt, report the complete rounds and stop the server', async () => {
      const { code, err, out, actions } = await runCompare(`--rounds 3`, { interruptedAt: 6 })
      assert.deepEqual(actions.slice(-3), ['load 5000', 'end load', 'stop'])
      assert.equal(err, 'portico: Interrupted after 1 of 3 rounds\n')
      assert.match(out, /, 1 of 3 rounds of 5 s/)
      assert.equal(code, 1)
    })

    it('after an interrupt while a server starts, do not report that the start failed', async () => {
      const { code, err } = await runCompare('', {
        serverFailure: new Error('Cannot start the server: '),
        isInterrupted: true,
      })
      assert.deepEqual([code, err], [1, 'portico: Interrupted after 0 of 3 rounds\n'])
    })

    it('after an interrupt in the first round, report no figures', async () => {
      const { code, err, out } = await runCompare('', { interruptedAt: 1 })
      assert.deepEqual([code, err, out], [1, 'portico: Interrupted after 0 of 3 rounds\n', ''])
    })

    it('exit 2 for invalid values and combinations', async () => {
      assert.equal((await runCompare('--rounds 0')).code, 2)
      assert.equal((await runCompare('--min-ratio x')).code, 2)
      assert.equal((await runCompare('--pipeline-depth 2 --no-keepalive')).code, 2)
    })
  })

  it('prints its progress on a terminal', async () => {
    const { err } = await runCompare(`--rounds 1`, { errIsTerminal: true })
    assert.match(err, /1 of 5 s, 500 requests, 500 per second, round 1 of 1, selectors on net/)
    assert.isTrue(err.endsWith(CLEAR_LINE))
  })
})
