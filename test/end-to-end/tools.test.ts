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

interface Told {
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

  it('tells how a server did', async () => {
    const { code, stdout, stderr } = await load('--concurrency', '4')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^GET http:\/\/127\.0\.0\.1:\d+\/, 4 connections, \d\.\d s\nrequests +\d+ +\d+ per second\n/)
    assert.match(stdout, /\nlatency +p50 \d+\.\d+ ms +p95 .* ms, p99 .* ms, max .* ms\n/)
  })

  it('ends with 1 when there are too many errors', async () => {
    const { code, stdout } = await load('--path', '/nowhere', '--json')
    const told = JSON.parse(stdout) as Told
    assert.deepEqual([code, told.errorRate], [1, 1])
    assert.equal(told.errors['status'], told.requests)
  })

  it('asks by HTTPS', async () => {
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
    assert.isAtMost((JSON.parse(stdout) as Told).requests, 220)
  })
})

describe('portico load, where nobody listens', () => {
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

  it('writes a plugin that is served, and a test that passes where portico is installed', async () => {
    const { code, stdout } = await Program.run(['new', 'plugin', 'visits'], { workingDirectory: folder.path })
    assert.equal(code, 0)
    assert.match(stdout, /^Wrote plugins\/visits\.mjs and plugins\/visits\.test\.mjs\n/)
    const server = await startServer({ flags: ['--plugins', join(folder.path, 'plugins')] })
    assert.equal(await (await fetch(`${server.origin}/visits/Ada`)).text(), 'Hello, Ada!\n')
    await server.stop('SIGKILL')

    mkdirSync(join(folder.path, 'node_modules'))
    symlinkSync(process.cwd(), join(folder.path, 'node_modules', 'portico'))
    const test = spawn(process.execPath, ['--test', 'plugins/visits.test.mjs'], { cwd: folder.path })
    let said = ''
    test.stdout.on('data', (text: Buffer) => (said += text.toString()))
    const [status] = (await once(test, 'close')) as [number]
    assert.equal(status, 0, said)
    assert.match(said, /pass 2/)
  })

  it('overwrites nothing', async () => {
    const again = (): Promise<Program & { code: number | null }> =>
      Program.run(['new', 'plugin', 'visits'], { workingDirectory: folder.path })
    await again()
    const { code, stderr } = await again()
    assert.equal(code, 1)
    assert.match(stderr, /^portico: Cannot write "plugins\/visits\.mjs": found a file with that name; existing files/)
  })
})
