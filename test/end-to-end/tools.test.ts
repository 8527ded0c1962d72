import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from 'chai'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { usualCertificate } from './support/certificate.js'
import { TemporaryFolder } from './support/folder.js'
import { Program } from './support/program.js'
import { startServer, type RunningServer } from './support/server.js'

/** The JSON of a load. */
interface LoadReport {
  readonly requests: number
  readonly errorRate: number
  readonly errors: Readonly<Record<string, number>>
  readonly latencyMs: Readonly<Record<string, number>>
}

describe('portico load', () => {
  let server: RunningServer

  before(async () => (server = await startServer()))
  after(() => server.stop('SIGKILL'))

  const load = (...flags: string[]): Promise<Program & { code: number | null }> =>
    Program.run(['load', '--port', String(server.port), '--duration', '0.3', ...flags])

  it('reports requests and latencies', async () => {
    const { code, stdout, stderr } = await load('--concurrency', '4')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^GET http:\/\/127\.0\.0\.1:\d+\/, 4 connections, \d\.\d s\nrequests +\d+ +\d+ per second\n/)
    assert.match(stdout, /\nlatency +p50 \d+\.\d+ ms +p95 .* ms, p99 .* ms, max .* ms\n/)
  })

  it('ends with 1 when there are too many errors', async () => {
    const { code, stdout } = await load('--path', '/nowhere', '--json')
    const report = JSON.parse(stdout) as LoadReport
    assert.deepEqual([code, report.errorRate], [1, 1])
    assert.equal(report.errors['status'], report.requests)
  })

  it('uses HTTPS with --tls', async () => {
    const { certFile, keyFile } = usualCertificate()
    const flags = ['--enable-tls', '--set', 'tls.only=true', '--https-port', '0']
    const secure = await startServer({ flags: [...flags, '--cert-file', certFile, '--key-file', keyFile] })
    const { code, stdout } = await load('--port', String(secure.port), '--tls')
    await secure.stop('SIGKILL')
    assert.equal(code, 0)
    assert.match(stdout, /^GET https:/)
  })

  it('keeps to a rate', async () => {
    const { code, stdout } = await load('--duration', '1', '--rate', '100', '--json')
    assert.equal(code, 0)
    assert.isAtMost((JSON.parse(stdout) as LoadReport).requests, 220)
  })
})

describe('portico load, on a port where no server listens,', () => {
  it('ends with 1', async () => {
    const { code, stdout } = await Program.run(['load', '--port', '1', '--duration', '0.3'])
    assert.equal(code, 1)
    assert.match(stdout, /\nerrors +100\.00 %/)
  })
})

describe('portico new plugin', () => {
  let folder: TemporaryFolder

  beforeEach(() => (folder = new TemporaryFolder({ 'package.json': '{"type":"module"}' })))
  afterEach(() => folder.remove())

  it('writes a plugin that is served, and a test of it that passes', async () => {
    const { code, stdout } = await Program.run(['new', 'plugin', 'visits'], { workingDirectory: folder.path })
    assert.equal(code, 0)
    assert.match(stdout, /^Wrote plugins\/visits\.mjs and plugins\/visits\.test\.mjs\n/)
    const server = await startServer({ flags: ['--plugins', join(folder.path, 'plugins')] })
    assert.equal(await (await fetch(`${server.origin}/visits/Ada`)).text(), 'Hello, Ada!\n')
    await server.stop('SIGKILL')

    mkdirSync(join(folder.path, 'node_modules'))
    symlinkSync(process.cwd(), join(folder.path, 'node_modules', 'portico'))
    const test = spawn(process.execPath, ['--test', 'plugins/visits.test.mjs'], { cwd: folder.path })
    let printed = ''
    test.stdout.on('data', (text: Buffer) => (printed += text.toString()))
    const [status] = (await once(test, 'close')) as [number]
    assert.equal(status, 0, printed)
    assert.match(printed, /pass 2/)
  })

  it('overwrites no file', async () => {
    const again = (): Promise<Program & { code: number | null }> =>
      Program.run(['new', 'plugin', 'visits'], { workingDirectory: folder.path })
    await again()
    const { code, stderr } = await again()
    assert.equal(code, 1)
    assert.match(stderr, /^portico: Cannot write "plugins\/visits\.mjs": found a file with that name; existing files/)
  })
})
