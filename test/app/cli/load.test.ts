import { assert } from 'chai'
import { describe, it } from 'mocha'
import { commandLine } from '../../../src/app/cli/command-line.js'
import type { LoadOptions, LoadReport } from '../../../src/ports/tools/load.js'
import { idleParts } from './idle-parts.js'

const REPORT: LoadReport = {
  seconds: 10,
  requests: 1980,
  errors: { connection: 10, timeout: 10, status: 0 },
  bytes: 5_000_000,
  latencyMs: { p50: 0.5, p95: 2, p99: 12.25, max: 100 },
  quantilesMs: [
    [0.5, 0.5],
    [1, 100],
  ],
  processorMs: 5000,
}

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly orders: readonly LoadOptions[]
  readonly stops: number
}

interface Surroundings {
  readonly report?: LoadReport
  readonly failure?: Error
  readonly errIsTerminal?: boolean
  /** Whether the user interrupts the load at once. */
  readonly interrupts?: boolean
}

/** Runs the program with these arguments and a fake load generator. */
async function run(words: string | readonly string[], surroundings: Surroundings = {}): Promise<Run> {
  const { report = REPORT, failure, errIsTerminal = false, interrupts = false } = surroundings
  const printed = { out: '', err: '' }
  const orders: LoadOptions[] = []
  let stops = 0
  const program = commandLine({
    ...idleParts(),
    beginLoad: (options, progress) => {
      orders.push(options)
      progress(500, 1000)
      return { report: failure ? Promise.reject(failure) : Promise.resolve(report), stop: () => (stops += 1) }
    },
    onInterrupt: (listener) => (interrupts ? listener() : undefined),
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
    errIsTerminal,
  })
  const code = await program(typeof words === 'string' ? words.split(' ') : words, {})
  return { code, ...printed, orders, stops }
}

describe('portico load', () => {
  it('sends requests for / to this machine by default', async () => {
    const { orders } = await run('load')
    assert.deepEqual(orders, [
      {
        url: 'http://127.0.0.1:8080/',
        socketPath: null,
        connections: 64,
        durationMs: 10_000,
        keepAlive: true,
        pipelining: 1,
        method: 'GET',
        headers: [],
        body: null,
        rate: null,
      },
    ])
  })

  const flags: [words: readonly string[], order: Partial<LoadOptions>][] = [
    [['--host', 'example.org', '--port', '81', '--path', '/a?b'], { url: 'http://example.org:81/a?b' }],
    [['--host', '::1', '--tls'], { url: 'https://[::1]:8080/' }],
    [['--host', 'unix:/run/s', '--path', '/x'], { url: 'http://localhost/x', socketPath: '/run/s' }],
    [['--concurrency', '3', '--duration', '0.5'], { connections: 3, durationMs: 500 }],
    [['--no-keepalive'], { keepAlive: false }],
    [['--keepalive', '--pipeline-depth', '16'], { keepAlive: true, pipelining: 16 }],
    [['--method', 'POST', '--body', 'a b'], { method: 'POST', body: 'a b' }],
    [
      ['--header', 'Accept: text/html', '--header', 'X:y'],
      {
        headers: [
          ['Accept', 'text/html'],
          ['X', 'y'],
        ],
      },
    ],
    [['--rate', '500'], { rate: 500 }],
  ]
  for (const [words, order] of flags) {
    it(`accepts ${words.join(' ')}`, async () => {
      const { orders } = await run(['load', ...words])
      assert.deepInclude(orders[0], order)
    })
  }

  const wrong: [words: readonly string[], wanted: RegExp][] = [
    [['--port', '0'], /whole number of at least 1, at most 65535/],
    [['--port', '65536'], /at most 65535/],
    [['--concurrency', '0'], /whole number of at least 1/],
    [['--duration', 'long'], /seconds, such as 30 or 0.5/],
    [['--path', 'a'], /a path that begins with "\/"/],
    [['--path', '/a b'], /has no spaces/],
    [['--method', 'get'], /a method that Node knows, in capital letters, such as GET/],
    [['--header', 'nothing'], /'Name: value'/],
    [['--rate', '0'], /whole number of at least 1/],
    [['--max-errors', '-1'], /percent|--max-errors/],
    [['--method', 'FOO'], /a method that Node knows/],
    [['--host', ''], /a host name, an IP address/],
    [['--host', 'a b'], /a host name, an IP address/],
    [['--duration', '3000000'], /at most a week/],
    [['--pipeline-depth', '2', '--rate', '5'], /cannot be combined with --rate/],
    [['--pipeline-depth', '2', '--no-keepalive'], /cannot be combined with --no-keepalive/],
    [['--flood'], /unknown option '--flood'/],
  ]
  for (const [words, wanted] of wrong) {
    it(`refuses ${words.join(' ')}`, async () => {
      const { code, err, orders } = await run(['load', ...words])
      assert.deepEqual([code, orders.length], [2, 0])
      assert.match(err, wanted)
    })
  }

  it('refuses server flags before the command', async () => {
    const { code, err } = await run('--port 1 load')
    assert.equal(code, 2)
    assert.include(err, 'flag --port does not apply to load (see portico load --help)')
  })

  it('prints a report', async () => {
    const { code, out, err } = await run('load')
    assert.deepEqual([code, err], [0, ''])
    assert.deepEqual(out.split('\n'), [
      'GET http://127.0.0.1:8080/, 64 connections, 10.0 s',
      'requests  1980          198 per second',
      'errors    1.00 %        0 error responses, 10 failed connections, 10 timeouts',
      'latency   p50 0.500 ms  p95 2.000 ms, p99 12.3 ms, max 100.0 ms',
      'received  5.0 MB        0.5 MB per second',
      '',
    ])
  })

  it('prints the same as JSON', async () => {
    const { out } = await run('load --json --method PUT')
    const printed = JSON.parse(out) as Record<string, unknown>
    assert.deepInclude(printed, { ...REPORT, method: 'PUT', requestsPerSecond: 198, errorRate: 0.01 })
  })

  it('shows its progress on a terminal, and clears it at the end', async () => {
    const { err } = await run('load', { errIsTerminal: true })
    assert.equal(err, '\r\x1b[K1 of 10 s, 500 requests, 500 per second\r\x1b[K')
  })

  const thresholds: [words: string, report: Partial<LoadReport>, code: number, rule: string][] = [
    ['load', {}, 0, 'as many errors as allowed'],
    ['load --max-errors 0.9', {}, 1, 'more errors than allowed'],
    ['load', { errors: { connection: 0, timeout: 0, status: 20 } }, 1, 'error responses'],
    ['load --max-errors 100', { errors: { connection: 0, timeout: 0, status: 1980 } }, 0, 'errors within --max-errors'],
    ['load', { requests: 0, errors: { connection: 0, timeout: 0, status: 0 } }, 1, 'no response at all'],
  ]
  for (const [words, special, code, rule] of thresholds) {
    it(`exits ${code} after ${rule}`, async () => {
      const done = await run(words, { report: { ...REPORT, ...special } })
      assert.equal(done.code, code)
    })
  }

  it('exits 1 with the reason when the load generator fails', async () => {
    const { code, out, err } = await run('load', { failure: new Error('Cannot load autocannon') })
    assert.deepEqual([code, out, err], [1, '', 'portico: Cannot load autocannon\n'])
  })

  it('stops at an interrupt, and reports the load until then', async () => {
    const { stops, out } = await run('load', { interrupts: true })
    assert.equal(stops, 1)
    assert.match(out, /^GET /)
  })
})
