import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from 'chai'
import { after } from 'mocha'
import type { BeginLoad, LoadOptions, LoadReport } from '../../src/ports/tools/load.js'
import { begunTogether } from '../support/begun-together.js'

/** Options for four connections and one second. */
const OPTIONS: LoadOptions = {
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

/** A server that a test loads. */
export class LoadedServer {
  connections = 0

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {
    server.on('connection', () => this.connections++)
  }

  /** @param path a unix socket; without it, the server listens on a free port */
  static listen(answer: RequestListener, path?: string): Promise<LoadedServer> {
    const server = createServer(answer)
    return new Promise((resolve) =>
      server.listen(path ?? 0, () => {
        const address = server.address() as AddressInfo | string
        const url = typeof address === 'string' ? 'http://localhost/' : `http://127.0.0.1:${address.port}/`
        resolve(new LoadedServer(server, url))
      }),
    )
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

/** The contract of every load. The timeout of tests must be longer than a few seconds. */
export function loadContract(beginLoad: BeginLoad, usual: Partial<LoadOptions> = {}): void {
  const servers: LoadedServer[] = []

  after(() => {
    for (const server of servers) server.close()
  })

  const serve = async (answer: RequestListener, path?: string): Promise<string> => {
    const server = await LoadedServer.listen(answer, path)
    servers.push(server)
    return server.url
  }

  const reportOf = (
    options: Partial<LoadOptions>,
    progress: (requests: number) => void = () => undefined,
  ): Promise<LoadReport> => beginLoad({ ...OPTIONS, ...usual, ...options }, progress).report

  begunTogether((test) => {
    test('sends the requests of its options, and counts the responses', async () => {
      const seen = new Set<string>()
      const url = await serve((request, response) => {
        let body = ''
        request.on('data', (octets: Buffer) => (body += octets.toString()))
        request.on('end', () => {
          seen.add([request.method, request.url, request.headers['x-try'], body].join(' '))
          response.end('answer')
        })
      })
      const headers = [['X-Try', 'yes']] as const
      const progress: number[] = []
      const options = { url: `${url}there?q`, method: 'POST', headers, body: 'sent', durationMs: 1500 }
      const report = await reportOf(options, (requests) => void progress.push(requests))
      assert.deepEqual([...seen], ['POST /there?q yes sent'])
      assert.isAbove(report.requests, 10)
      assert.deepEqual(report.errors, { connection: 0, timeout: 0, status: 0 })
      assert.isAbove(report.bytes, report.requests * 'answer'.length)
      assert.isAtMost(report.latencyMs.p50, report.latencyMs.p99)
      assert.isAtMost(report.latencyMs.p99, report.latencyMs.max)
      const shares = report.quantilesMs.map(([share]) => share)
      assert.deepEqual([...shares].sort(), shares)
      assert.equal(shares.at(-1), 1)
      assert.isAbove(report.processorMs, 0)
      assert.isNotEmpty(progress)
    })

    test('sends all values of a field', async () => {
      const seen = new Set<string>()
      const url = await serve((request, response) => {
        seen.add([request.headers['x-try'], request.headers['cookie']].join('; '))
        response.end()
      })
      const headers = [
        ['X-Try', '1'],
        ['X-Try', '2'],
        ['Cookie', 'a=1'],
        ['Cookie', 'b=2'],
      ] as const
      await reportOf({ url, headers })
      assert.deepEqual([...seen], ['1, 2; a=1; b=2'])
    })

    test('counts error responses', async () => {
      const report = await reportOf({ url: await serve((_, response) => response.writeHead(503).end()) })
      assert.equal(report.errors.status, report.requests)
      assert.isAbove(report.requests, 0)
    })

    test('counts failed connections', async () => {
      const server = await LoadedServer.listen(() => undefined)
      server.close()
      const report = await reportOf({ url: server.url })
      assert.equal(report.requests, 0)
      assert.isAbove(report.errors.connection, 0)
    })

    test('refuses more connections than the limit of open files allows', async () => {
      if (process.platform !== 'linux') return
      try {
        await reportOf({ url: 'http://127.0.0.1:1/', connections: 1e9 })
      } catch (error) {
        assert.match((error as Error).message, /^Cannot make 1000000000 connections: this process may open \d+ files/)
        return
      }
      assert.fail('the load was not refused')
    })

    test('sends requests over a unix socket', async () => {
      if (process.platform === 'win32') return
      const folder = mkdtempSync(join(tmpdir(), 'portico-load-'))
      const socketPath = join(folder, 's')
      const url = await serve((_, response) => response.end(), socketPath)
      const report = await reportOf({ url, socketPath })
      rmSync(folder, { recursive: true })
      assert.isAbove(report.requests, 0)
      assert.equal(report.errors.connection, 0)
    })

    test('ends early when it is stopped, with a report of the time until then', async () => {
      const url = await serve((_, response) => response.end())
      const begunMs = performance.now()
      const load = beginLoad({ ...OPTIONS, ...usual, url, durationMs: 60_000 }, () => load.stop())
      const report = await load.report
      assert.isBelow(performance.now() - begunMs, 10_000)
      assert.isAbove(report.requests, 0)
      assert.equal(report.errors.connection, 0)
    })
  })
}

/** Completes load options with those of the contract. */
export const loadOptions = (options: Partial<LoadOptions>): LoadOptions => ({ ...OPTIONS, ...options })
