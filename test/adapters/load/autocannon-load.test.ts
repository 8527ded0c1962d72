import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { autocannonLoad, record } from '../../../src/adapters/load/autocannon-load.js'
import { LatencySummary } from '../../../src/domain/service/latency-summary.js'
import type { LoadOrder } from '../../../src/ports/load.js'

const ORDER: LoadOrder = {
  url: '',
  socketPath: null,
  connections: 4,
  durationMs: 1000,
  keepAlive: true,
  pipelining: 1,
  method: 'GET',
  headers: [],
  body: null,
  rate: null,
}

describe('record()', () => {
  const cases: [responseMs: number, expectedMs: number, recorded: number, rule: string][] = [
    [5, Infinity, 1, 'without a rate, a latency as it is'],
    [5, 10, 1, 'one within its interval, as it is'],
    [35, 10, 4, 'one that three more were due in, and theirs'],
  ]
  for (const [responseMs, expectedMs, recorded, rule] of cases) {
    it(`records ${rule}`, () => {
      const latency = new LatencySummary()
      record(latency, responseMs, expectedMs)
      assert.deepEqual([latency.count, latency.maxMs], [recorded, responseMs])
    })
  }
})

describe('autocannonLoad', function () {
  this.timeout(15_000)

  let server: Server | undefined

  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })

  /** @returns where it listens */
  function serve(answer: RequestListener, path?: string): Promise<string> {
    const listening = (server = createServer(answer))
    return new Promise((resolve) =>
      listening.listen(path ?? 0, () => {
        const address = listening.address() as AddressInfo | string
        resolve(typeof address === 'string' ? address : `http://127.0.0.1:${address.port}/`)
      }),
    )
  }

  it('asks as it was ordered to, and counts what came of it', async () => {
    const seen = new Set<string>()
    const url = await serve((request, response) => {
      let body = ''
      request.on('data', (octets: Buffer) => (body += octets.toString()))
      request.on('end', () => {
        seen.add([request.method, request.url, request.headers['x-try'], body].join(' '))
        response.end('answer')
      })
    })
    const order = { ...ORDER, url: `${url}there?q`, method: 'POST', headers: [['X-Try', 'yes']] as const, body: 'sent' }
    const told: number[] = []
    const report = await autocannonLoad(order, (requests) => void told.push(requests)).report
    assert.deepEqual([...seen], ['POST /there?q yes sent'])
    assert.isAbove(report.requests, 10)
    assert.deepEqual(report.errors, { connection: 0, timeout: 0, status: 0 })
    assert.isAbove(report.octets, report.requests * 'answer'.length)
    assert.isAtMost(report.latencyMs.p50, report.latencyMs.p99)
    assert.isAtMost(report.latencyMs.p99, report.latencyMs.max)
    assert.isNotEmpty(told)
  })

  it('counts answers that are errors', async () => {
    const url = await serve((_, response) => response.writeHead(503).end())
    const report = await autocannonLoad({ ...ORDER, url }, () => undefined).report
    assert.equal(report.errors.status, report.requests)
    assert.isAbove(report.requests, 0)
  })

  it('counts connections that cannot be had', async () => {
    const url = await serve(() => undefined)
    server!.close()
    const report = await autocannonLoad({ ...ORDER, url }, () => undefined).report
    assert.equal(report.requests, 0)
    assert.isAbove(report.errors.connection, 0)
  })

  it('opens a connection for each request when told to', async () => {
    let connections = 0
    const url = await serve((_, response) => response.end())
    server!.on('connection', () => connections++)
    const report = await autocannonLoad({ ...ORDER, url, keepAlive: false }, () => undefined).report
    assert.isAtLeast(connections, report.requests)
  })

  it('keeps to a rate', async () => {
    const url = await serve((_, response) => response.end())
    const report = await autocannonLoad({ ...ORDER, url, rate: 50, durationMs: 2000 }, () => undefined).report
    assert.isAtMost(report.requests, 160)
    assert.isAtLeast(report.requests, 50)
  })

  it('asks over a unix socket', async function () {
    if (process.platform === 'win32') this.skip()
    const folder = mkdtempSync(join(tmpdir(), 'portico-load-'))
    const socketPath = await serve((_, response) => response.end(), join(folder, 's'))
    const report = await autocannonLoad({ ...ORDER, url: 'http://localhost/', socketPath }, () => undefined).report
    rmSync(folder, { recursive: true })
    assert.isAbove(report.requests, 0)
    assert.equal(report.errors.connection, 0)
  })

  it('ends early when it is stopped', async () => {
    const url = await serve((_, response) => response.end())
    const begunMs = performance.now()
    const load = autocannonLoad({ ...ORDER, url, durationMs: 60_000 }, () => load.stop())
    const report = await load.report
    assert.isBelow(performance.now() - begunMs, 10_000)
    assert.isAbove(report.requests, 0)
  })
})
