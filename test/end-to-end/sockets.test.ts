import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { curl, describeWithCurl } from './support/curl.js'
import { TemporaryFolder } from './support/folder.js'
import { Program } from './support/program.js'
import { exactProcessorMs, HAS_PROC } from './support/process-facts.js'
import { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { startServer, type RunningServer } from './support/server.js'

const KINDS = ['epoll', 'net'] as const

/** Long enough for the sweep of idle connections to run. */
const IDLE_MS = 3000

/** Makes Node report the package koffi as missing. */
const WITHOUT_KOFFI = `
const { Module } = require('node:module')
const load = Module._load
Module._load = (name, ...others) => {
  if (name === 'koffi') throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
  return load(name, ...others)
}
`

const describeOnLinux = HAS_PROC ? describe : describe.skip

describeOnLinux('the sockets', () => {
  let folder: TemporaryFolder
  let servers: RunningServer[]

  beforeEach(() => {
    folder = new TemporaryFolder({ 'without-koffi.cjs': WITHOUT_KOFFI })
    servers = []
  })
  afterEach(async () => {
    for (const server of servers) await server.stop('SIGKILL')
    folder.remove()
  })

  async function start(flags: readonly string[], environment = {}): Promise<RunningServer> {
    const server = await startServer({ flags, environment })
    servers.push(server)
    return server
  }

  const withoutKoffi = (): Record<string, string> => ({
    NODE_OPTIONS: `--require ${join(folder.path, 'without-koffi.cjs')}`,
  })

  for (const kind of KINDS) {
    it(`${kind} are named in the banner, the log, the metrics and by check`, async () => {
      const server = await start(['--socket', kind])
      assert.match(server.program.stderr, new RegExp(`^portico serving with ${kind} sockets$`, 'm'))
      await server.logLine(({ event, socket }) => event === 'server listening' && socket === kind)
      const metrics = (await (await fetch(`${server.origin}/_metrics`)).json()) as { socket: string }
      assert.equal(metrics.socket, kind)
      const { stdout } = await Program.run(['check', '--socket', kind])
      assert.match(stdout, new RegExp(`^socket +${kind} +flag --socket`, 'm'))
    })
  }

  it('auto uses epoll where koffi is installed', async () => {
    const { stdout } = await Program.run(['check'])
    assert.match(stdout, /^socket +auto +default; in use: epoll, since koffi \S+ makes its system calls$/m)
  })

  it('auto uses net without koffi, and one line says so', async () => {
    const server = await start([], withoutKoffi())
    assert.match(server.program.stderr, /^portico serving with net sockets$/m)
    assert.include(
      server.program.stderr,
      'portico using net sockets: epoll is not available (the package koffi is not installed)',
    )
    const line = await server.logLine(({ event }) => event === 'epoll unavailable')
    assert.deepInclude(line, { level: 'info', reason: 'the package koffi is not installed', socket: 'net' })
    assert.equal((await fetch(server.origin)).status, 200)
  })

  it('epoll without koffi is a configuration problem', async () => {
    const { code, stderr } = await Program.run(['--socket', 'epoll'], { environment: withoutKoffi() })
    assert.equal(code, 78)
    assert.include(stderr, 'socket: found epoll, wanted net or auto, since the package koffi is not installed (flag')
  })

  for (const kind of KINDS) {
    it(`${kind} uses less than 2 % of a core for 1000 idle connections`, async () => {
      const server = await start(['--socket', kind])
      const idle = await Promise.all(Array.from({ length: 1000 }, () => RawClient.connect(server.port)))
      for (const client of idle) client.send(get('/livez'))
      for (const client of idle) assert.equal((await client.response()).status, 200)
      await setTimeout(500)
      const before = exactProcessorMs(server.program.pid)
      await setTimeout(IDLE_MS)
      assert.isBelow(exactProcessorMs(server.program.pid) - before, 0.02 * IDLE_MS)
      for (const client of idle) client.close()
    })
  }

  describeWithCurl('at unix addresses', () => {
    for (const flags of [...KINDS.map((kind) => ['--socket', kind]), ['--workers', '2']]) {
      it(`serve, and are removed at the end, with ${flags.join(' ')}`, async () => {
        const path = join(folder.path, 'socket')
        const program = new Program(['--host', `unix:${path}`, '--log-format', 'json', ...flags])
        await program.printed(
          'stderr',
          (text) => text.includes(`portico listening on http://unix:${path}\n`) || undefined,
        )
        const { response } = await curl(['--unix-socket', path, 'http://any/'])
        assert.deepEqual([response.status, response.content], [200, 'Hello from Portico!\n'])
        const line = await program.printed('stdout', (text) => /.*"target":"\/".*/.exec(text)?.[0])
        assert.equal((JSON.parse(line) as { peer: string }).peer, 'unix:')
        program.kill('SIGTERM')
        assert.equal((await program.ending()).code, 0)
        assert.isFalse(existsSync(path))
      })
    }
  })
})
