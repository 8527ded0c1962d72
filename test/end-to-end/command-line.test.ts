import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { TemporaryFolder } from './support/folder.js'
import { MAIN, Program } from './support/program.js'
import { RawClient } from './support/raw-client.js'
import type { RawResponse } from '../wire/response-parser.js'
import { startServer, type RunningServer } from './support/server.js'

const PACKAGE = new URL('../../../package.json', import.meta.url)

const run = (...parameters: string[]): ReturnType<typeof Program.run> => Program.run(parameters)

async function get(server: RunningServer, target: string): Promise<RawResponse> {
  const client = await server.connect()
  client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  return client.lastResponse()
}

describe('portico, run as a program', () => {
  let folder: TemporaryFolder
  before(() => {
    folder = new TemporaryFolder({
      'site/index.html': 'a home page',
      'good/a.js': "export default { name: 'a', routes: { 'GET /a': () => 'a', 'POST /a/:id': () => 'b' } }",
      'throwing/bad.js': "throw new Error('on purpose')",
      'syntax/bad.js': 'export default {',
      'shape/bad.js':
        "export default { name: 'bad', routes: { 'GET x': () => 'a', 'get /y': () => 'a', 'GET /z': 7 } }",
      'twice/a.js': "export default { name: 'a', routes: { 'GET /users/:id': () => 'a' } }",
      'twice/b.js': "export default { name: 'b', routes: { 'GET /users/:name': () => 'b' } }",
      'starting/bad.js': "export default { name: 'bad', routes: {}, start() { throw new Error('no database') } }",
      'good.yaml': 'port: 0\nlimits:\n  fields: 50\nlog:\n  access: false\n',
      'bad.json5': "{ port: 'eighty', limits: { fields: -1 }, plugin: {}, log: { format: 'xml' } }",
      'broken.yaml': 'port: [1\n',
    })
  })
  after(() => folder.remove())
  const at = (name: string): string => join(folder.path, name)

  describe('reports', () => {
    it('the version of the package with --version', async () => {
      const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
      const { code, stdout, stderr } = await run('--version')
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: '' })
    })

    it('commands, flags, keys and exit codes with --help', async () => {
      const { code, stdout, stderr } = await run('--help')
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      for (const word of [
        'Usage: portico',
        'serve',
        'check',
        'routes',
        '--port',
        '--plugins',
        '--static',
        '--config',
      ]) {
        assert.include(stdout, word)
      }
      for (const word of ['--set', 'PORTICO_MAX_BODY_BYTES', 'limits.headerBytes', 'Exit codes', '78']) {
        assert.include(stdout, word)
      }
    })

    it('method, pattern, plugin and file of each route with routes', async () => {
      const { code, stdout } = await run('routes', '--plugins', at('good'))
      assert.equal(code, 0)
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/))
      assert.deepEqual(rows[0], ['METHOD', 'PATTERN', 'PLUGIN', 'FILE'])
      assert.deepInclude(rows, ['GET', '/a', 'a', at('good/a.js')])
      assert.deepInclude(rows, ['POST', '/a/:id', 'a', at('good/a.js')])
    })

    it('each effective value and its origin with check', async () => {
      const { code, stdout } = await Program.run(
        ['check', '--config', at('good.yaml'), '--port', '9000', '--set', 'limits.bodyBytes=1m'],
        {
          environment: { HOST: '::1', PORTICO_MAX_TARGET_LENGTH: '4k', PORT: '7000' },
        },
      )
      assert.equal(code, 0)
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/))
      assert.deepInclude(rows, ['port', '9000', 'flag --port'])
      assert.deepInclude(rows, ['host', '::1', 'environment HOST'])
      assert.deepInclude(rows, ['limits.fields', '50', `file ${at('good.yaml')}`])
      assert.deepInclude(rows, ['limits.targetLength', '4096', 'environment PORTICO_MAX_TARGET_LENGTH'])
      assert.deepInclude(rows, ['limits.bodyBytes', '1048576', 'flag --set'])
      assert.deepInclude(rows, ['keepAliveTimeoutMs', '75000', 'default'])
    })

    it('an error when standard output cannot be written', function () {
      if (process.platform !== 'linux') this.skip()
      const full = openSync('/dev/full', 'w')
      const { status, stderr } = spawnSync(process.execPath, [MAIN, 'check'], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      })
      closeSync(full)
      assert.equal(status, 1)
      assert.match(stderr, /^portico: Cannot write to standard output: ENOSPC/)
    })

    it('no error when the reader of standard output ends early', () => {
      const command = `"${process.execPath}" "${MAIN}" check | head -1; exit \${PIPESTATUS[0]}`
      const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
      assert.deepEqual([status, stderr, stdout.split('\n').length], [0, '', 2])
    })

    it('the same values as JSON with check --json', async () => {
      const { stdout } = await run('check', '--json', '--port', '9000')
      assert.deepEqual((JSON.parse(stdout) as Record<string, unknown>)['port'], { value: 9000, origin: 'flag --port' })
    })
  })

  describe('refuses wrong usage with 2', () => {
    for (const [what, parameters, named] of [
      ['an unknown flag', ['--prot', '80'], '--prot'],
      ['an unknown command', ['chekc'], 'chekc'],
      ['a flag without its value', ['--port'], '--port'],
      ['a flag with a malformed value', ['--port', 'eighty'], 'eighty'],
      ['a --set without a value', ['--set', 'port'], '--set'],
      ['two folders', ['serve', 'a', 'b'], 'argument'],
    ] as const) {
      it(what, async () => {
        const { code, stdout, stderr } = await run(...parameters)
        assert.equal(code, 2)
        assert.equal(stdout, '')
        assert.match(stderr, /^portico: Cannot read the command line: /)
        assert.include(stderr, named)
      })
    }
  })

  describe('refuses a bad configuration with 78', () => {
    it('and names all problems of a file at once', async () => {
      const { code, stdout, stderr } = await run('--config', at('bad.json5'))
      assert.equal(code, 78)
      assert.equal(stdout, '')
      const problems = stderr.trimEnd().split('\n').slice(1)
      assert.sameMembers(
        problems.map((line) => /^ {2}(\S+): found .+, wanted .+ \(.+\)$/.exec(line)?.[1]),
        ['port', 'limits.fields', 'plugin', 'log.format'],
      )
      for (const problem of problems) assert.include(problem, `file ${at('bad.json5')}`)
    })

    it('and names problems of every origin at once', async () => {
      const { code, stderr } = await Program.run(['--set', 'limits.fields=many', '--set', 'no.such=1'], {
        environment: { PORT: '65536', PORTICO_LOG_ACCESS: 'maybe' },
      })
      assert.equal(code, 78)
      for (const text of ['limits.fields', 'no.such', 'flag --set', 'port', 'environment PORT', 'PORTICO_LOG_ACCESS']) {
        assert.include(stderr, text)
      }
      assert.include(stderr, '4 problems')
    })

    for (const [what, parameters, named] of [
      ['a file that is missing', ['--config', 'missing.yaml'], 'missing.yaml'],
      ['a file that is malformed', ['--config', 'broken.yaml'], 'broken.yaml'],
      ['a plugin folder that is missing', ['--plugins', 'missing'], 'missing'],
      ['a folder of static files that is missing', ['serve', './missing'], 'missing'],
      ['the same file for check', ['check', '--config', 'bad.json5'], 'eighty'],
    ] as const) {
      it(what, async () => {
        const { code, stderr } = await Program.run(parameters, { workingDirectory: folder.path })
        assert.equal(code, 78)
        assert.include(stderr, named)
      })
    }
  })

  describe('ends with 1 without having served', () => {
    it('on a port that is in use, which it names', async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as { port: number }
      const { code, stderr } = await run('--port', String(port))
      other.close()
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}\\b`))
      assert.notMatch(stderr, /\n +at /, 'no stack')
    })

    for (const [plugins, what, ...named] of [
      ['throwing', 'with a plugin that throws', 'throwing/bad.js', 'on purpose'],
      ['syntax', 'with a plugin that is not JavaScript', 'syntax/bad.js', 'SyntaxError'],
      [
        'shape',
        'with a plugin with malformed routes, all of which it names',
        'shape/bad.js',
        'GET x',
        'get /y',
        'GET /z',
      ],
      [
        'twice',
        'with two plugins that claim the same route',
        'twice/a.js',
        'twice/b.js',
        'GET /users/:id',
        'GET /users/:name',
      ],
      ['starting', 'with a plugin that cannot start', 'starting/bad.js', 'no database'],
    ] as const) {
      it(what, async () => {
        const flags = ['--port', '0', '--plugins', at(plugins)]
        for (const { code, stderr } of await Promise.all([run('serve', ...flags), run('routes', ...flags)])) {
          assert.equal(code, 1)
          assert.match(stderr, /^portico: /)
          for (const text of named) assert.include(stderr, text)
        }
      })
    }
  })

  describe('serves', () => {
    it('the shipped plugins by default', async () => {
      const server = await startServer()
      assert.equal((await get(server, '/')).content, 'Hello from Portico!\n')
      assert.equal((await get(server, '/static/verse.txt')).status, 200)
      assert.equal((await get(server, '/livez')).content, 'ok\n')
      assert.equal((await get(server, '/_metrics')).status, 200)
      await server.stop()
    })

    for (const parameters of [['serve', './site'], ['./site']]) {
      it(`the files of a folder at / with "portico ${parameters.join(' ')}"`, async () => {
        const server = await startServer({ flags: parameters, workingDirectory: folder.path })
        assert.equal((await get(server, '/')).content, 'a home page')
        assert.equal((await get(server, '/livez')).status, 200)
        assert.equal((await get(server, '/missing')).status, 404)
        await server.stop()
      })
    }

    it('on the port of the environment, unless a flag sets another one', async () => {
      const taken = await startServer()
      const environment = { PORT: String(taken.port) }
      const { code, stderr } = await Program.run([], { environment })
      assert.equal(code, 1)
      assert.include(stderr, String(taken.port))
      const other = await startServer({ environment })
      assert.notEqual(other.port, taken.port)
      await Promise.all([taken.stop(), other.stop()])
    })

    it('on IPv6, which the banner shows', async function () {
      const program = new Program(['--host', '::1', '--port', '0'])
      const port = await program.printed(
        'stderr',
        (text) => /^portico listening on http:\/\/\[::1\]:(\d+)$/m.exec(text)?.[1],
      )
      const client = await RawClient.connect(Number(port), '::1')
      client.send('GET / HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n')
      assert.equal((await client.lastResponse()).status, 200)
      program.kill('SIGTERM')
      await program.ending()
    })

    it('with the settings of --set', async () => {
      const server = await startServer({ flags: ['--set', 'serverName=', '--set', 'limits.targetLength=10'] })
      const response = await get(server, '/')
      assert.isFalse(response.fields.some(([name]) => name === 'server'))
      assert.equal((await get(server, '/12345678901')).status, 414)
      await server.stop()
    })
  })

  describe('ends', () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`with 0 at ${signal}, and reports the outcome of the requests`, async () => {
        const server = await startServer()
        const idle = await server.connect()
        await get(server, '/')
        server.program.kill(signal)
        assert.equal(await idle.rest(), '')
        assert.equal(idle.ending, 'ended')
        idle.close()
        assert.deepEqual(await server.program.ending(), { code: 0, signal: null })
        assert.include(server.program.stderr, 'portico stopped: 0 requests finished, 0 rejected, none cut off')
      })
    }

    it('with 1 at a second signal while a request is in flight, which is cut off', async () => {
      const server = await startServer({ flags: ['--set', 'plugins.settings={stream:{intervalMs:60000}}'] })
      const client = await server.connect()
      client.send('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.until('Line 1 of 5\n\r\n')
      server.program.kill('SIGINT')
      await server.program.printed('stderr', (text) => /draining/.exec(text))
      assert.deepEqual(await server.stop('SIGINT'), { code: 1, signal: null })
      assert.equal(await client.rest(), '')
      assert.equal(client.ending, 'reset')
      assert.match(server.program.stderr, /portico stopped: .*, 1 cut off /)
    })

    it('at once at two signals in quick succession', async () => {
      const server = await startServer()
      server.program.kill('SIGINT')
      const { code, signal } = await server.stop('SIGINT')
      assert.isNull(signal)
      assert.oneOf(code, [0, 1])
    })
  })
})
