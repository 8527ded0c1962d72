import { assert } from 'chai'
import { describe, it } from 'mocha'
import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'
import { commandLine, type CommandLineParts } from '../../../src/app/cli/command-line.js'
import type { GivenSetting, Settings, SettingsSource } from '../../../src/ports/operations/settings.js'
import { HELP_WIDTH } from '../../../src/app/cli/help.js'
import { epollFails } from '../../fakes/sockets.js'
import { DEFAULT_SETTINGS, FakeSettings } from '../../fakes/settings.js'
import { idleParts } from './idle-parts.js'

const FOLDER = process.cwd()
const realSettings = (): SettingsSource => new LayeredSettings({ terminal: true, workingDirectory: FOLDER })

const ROUTES = [
  { method: 'GET', pattern: '/', plugin: 'hello', file: 'plugins/hello.js' },
  { method: 'POST', pattern: '/submit', plugin: 'submit', file: 'plugins/submit.js' },
]

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly served: readonly Settings[]
}

/** Runs the program with these arguments, in this process. */
async function run(
  words: string,
  parts: Partial<CommandLineParts> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  let out = ''
  let err = ''
  const served: Settings[] = []
  const program = commandLine({
    ...idleParts(),
    settings: realSettings(),
    serve: async ({ settings }) => {
      served.push(settings)
      return 0
    },
    routes: async () => ROUTES,
    out: (text) => (out += text),
    err: (text) => (err += text),
    ...parts,
  })
  const code = await program(words === '' ? [] : words.split(' '), environment)
  return { code, out, err, served }
}

async function given(words: string): Promise<readonly GivenSetting[]> {
  const settings = new FakeSettings()
  await run(words, { settings: { keys: realSettings().keys, load: (request) => settings.load(request) } })
  return settings.requests[0]?.given ?? []
}

describe('portico', () => {
  describe('flags', () => {
    const cases: [words: string, key: string, text: string, origin: string][] = [
      ['--host ::1', 'host', '::1', 'flag --host'],
      ['--port 9000', 'port', '9000', 'flag --port'],
      ['--port=0', 'port', '0', 'flag --port'],
      ['--engine threadpool', 'engine', 'threadpool', 'flag --engine'],
      ['--workers 2', 'workers', '2', 'flag --workers'],
      ['--workers auto', 'workers', 'auto', 'flag --workers'],
      ['--max-connections 5', 'maxConnections', '5', 'flag --max-connections'],
      ['--keepalive-timeout 75', 'keepAliveTimeoutMs', '75000', 'flag --keepalive-timeout'],
      ['--socket net', 'socket', 'net', 'flag --socket'],
      ['--keepalive-timeout 0.5', 'keepAliveTimeoutMs', '500', 'flag --keepalive-timeout'],
      ['--drain-timeout 1.005', 'drain.timeoutMs', '1005', 'flag --drain-timeout'],
      ['--enable-tls', 'tls.enabled', 'true', 'flag --enable-tls'],
      ['--no-enable-tls', 'tls.enabled', 'false', 'flag --no-enable-tls'],
      ['--https-port 9443', 'tls.port', '9443', 'flag --https-port'],
      ['--cert-file a.pem', 'tls.certFile', 'a.pem', 'flag --cert-file'],
      ['--key-file a.key', 'tls.keyFile', 'a.key', 'flag --key-file'],
      ['--redirect-http', 'tls.redirectHttp', 'true', 'flag --redirect-http'],
      ['--no-redirect-http', 'tls.redirectHttp', 'false', 'flag --no-redirect-http'],
      ['--log-format json', 'log.format', 'json', 'flag --log-format'],
      ['--plugins handlers', 'plugins.directory', 'handlers', 'flag --plugins'],
      ['--static public', 'static.root', 'public', 'flag --static'],
      ['--set limits.bodyBytes=1g', 'limits.bodyBytes', '1g', 'flag --set'],
      ['--set serverName=', 'serverName', '', 'flag --set'],
      ['--set static.cacheControl=max-age=5', 'static.cacheControl', 'max-age=5', 'flag --set'],
    ]
    for (const [words, key, text, origin] of cases) {
      it(`${words} sets ${key} to "${text}"`, async () => {
        assert.deepEqual(await given(words), [{ key, text, origin, adds: false }])
      })
    }

    it('has a case above for each flag of a key', () => {
      const flags = realSettings().keys.flatMap(({ flag }) => (flag === null ? [] : [`flag ${flag.name}`]))
      assert.includeMembers(
        cases.map(([, , , origin]) => origin),
        flags,
      )
    })

    it('may precede or follow the command', async () => {
      for (const words of ['--port 9 check', 'check --port 9', 'serve --port 9', '--port 9 routes']) {
        assert.deepInclude(await given(words), { key: 'port', text: '9', origin: 'flag --port', adds: false })
      }
    })

    it('are listed in the help of each command', async () => {
      for (const command of ['serve', 'check', 'routes']) {
        assert.match((await run(`${command} --help`)).out, /^ {2}--port <PORT>.*[^]*^ {2}--config <FILE>/m)
      }
    })

    it('are passed on in their order', async () => {
      const texts = (await given('--port 1 --set port=2 check --port 3')).map(({ text }) => text)
      assert.deepEqual(texts, ['1', '2', '3'])
    })

    it('name the configuration file; without --config, none is read', async () => {
      const settings = new FakeSettings()
      await run('check --config my.yaml', { settings }, { PORT: '1' })
      await run('check', { settings })
      assert.deepEqual(settings.requests, [
        { given: [], environment: { PORT: '1' }, configFile: 'my.yaml' },
        { given: [], environment: {}, configFile: null },
      ])
    })

    it('name the configuration file; the one after the command wins', async () => {
      const settings = new FakeSettings()
      await run('--config a.yaml check --config b.yaml', { settings })
      await run('--config a.yaml check', { settings })
      assert.deepEqual(
        settings.requests.map(({ configFile }) => configFile),
        ['b.yaml', 'a.yaml'],
      )
    })
  })

  describe('serve', () => {
    it('can load the settings again, from the same arguments and environment', async () => {
      const settings = new FakeSettings()
      const serve = async (_: unknown, load: () => Promise<unknown>): Promise<number> => {
        await load()
        return 0
      }
      const source = { keys: realSettings().keys, load: settings.load.bind(settings) }
      await run('--port 9 --config x.yaml', { settings: source, serve }, { HOST: '::1' })
      const [first, again] = settings.requests
      assert.deepEqual(again, first)
      assert.deepEqual([again?.configFile, again?.environment], ['x.yaml', { HOST: '::1' }])
    })

    it('is the default command', async () => {
      for (const words of ['', 'serve']) assert.deepEqual((await run(words)).served, [DEFAULT_SETTINGS])
    })

    it('returns the exit code of the server', async () => {
      for (const code of [0, 1]) assert.equal((await run('serve', { serve: async () => code })).code, code)
    })

    it('prints nothing itself', async () => {
      const { out, err } = await run('--port 0')
      assert.deepEqual([out, err], ['', ''])
    })

    for (const words of ['serve config', './config', `${FOLDER}/config`, 'serve --port 8080 config']) {
      it(`${words.replace(FOLDER, '…')} serves a folder at / without the hello plugin`, async () => {
        const [settings] = (await run(words)).served
        assert.deepEqual(settings?.static, { ...DEFAULT_SETTINGS.static, root: `${FOLDER}/config`, prefix: '/' })
        assert.deepEqual(settings?.plugins.without, ['hello'])
      })
    }

    it('DIR adds to the plugins that the environment leaves out', async () => {
      const { served } = await run('serve config', {}, { PORTICO_PLUGINS_WITHOUT: 'stream' })
      assert.deepEqual(served[0]?.plugins.without, ['stream', 'hello'])
    })

    it('DIR is overridden by flags', async () => {
      const { served } = await run('serve config --set static.prefix=/files/')
      assert.equal(served[0]?.static.prefix, '/files/')
    })
  })

  describe('check', () => {
    it('prints a table of each key, its value and its origin', async () => {
      const { code, out, served } = await run('check --port 9000 --set serverName=', {}, { HOST: '::1' })
      const lines = out.split('\n')
      assert.equal(code, 0)
      assert.isEmpty(served)
      assert.include(lines, 'KEY                        VALUE                  ORIGIN')
      assert.include(lines, 'host                       ::1                    environment HOST')
      assert.include(lines, 'port                       9000                   flag --port')
      assert.include(lines, 'serverName                 ""                     flag --set')
      assert.include(lines, 'static.root                (the shipped sample)   default')
      assert.include(lines, 'tls.certFile               (none)                 default')
      assert.include(
        lines,
        'socket                     auto                   default; in use: epoll, since a fake makes its system calls',
      )
      assert.equal(lines.length, 1 + realSettings().keys.length + 1)
    })

    it('prints the same as JSON', async () => {
      const { code, out } = await run('check --json --port 9000', { tryEpoll: epollFails })
      const printed = JSON.parse(out) as Record<string, unknown>
      assert.equal(code, 0)
      assert.deepEqual(printed['port'], { value: 9000, origin: 'flag --port' })
      const inUse = 'net, since the fake does not work'
      assert.deepEqual(printed['socket'], { value: 'auto', origin: 'default', inUse })
      assert.deepEqual(printed['static.root'], { value: null, origin: 'default' })
      assert.sameMembers(
        Object.keys(printed),
        realSettings().keys.map(({ key }) => key),
      )
    })
  })

  describe('routes', () => {
    it('prints a table of method, pattern, plugin and file', async () => {
      const { code, out, served } = await run('routes')
      assert.equal(code, 0)
      assert.isEmpty(served)
      assert.equal(
        out,
        [
          'METHOD  PATTERN  PLUGIN  FILE',
          'GET     /        hello   plugins/hello.js',
          'POST    /submit  submit  plugins/submit.js',
          '',
        ].join('\n'),
      )
    })

    it('prints the same as JSON', async () => {
      const { code, out } = await run('routes --json')
      assert.equal(code, 0)
      assert.deepEqual(JSON.parse(out), ROUTES)
    })

    it('exits 1 with the reason when a plugin is broken', async () => {
      const routes = async (): Promise<never> => {
        throw new Error('Cannot load plugin "x.js": found no default export, wanted a plugin')
      }
      const { code, out, err } = await run('routes', { routes })
      assert.deepEqual([code, out], [1, ''])
      assert.equal(err, 'portico: Cannot load plugin "x.js": found no default export, wanted a plugin\n')
    })
  })

  describe('bad configuration', () => {
    for (const words of ['', 'serve', 'check', 'check --json', 'routes']) {
      it(`exits 78 from "${words}" and lists every problem`, async () => {
        const { code, out, err, served } = await run(`${words} --port 70000 --set prot=1`.trim(), {}, { HOST: 'a b' })
        assert.deepEqual([code, out, served.length], [78, '', 0])
        assert.deepEqual(err.split('\n'), [
          'portico: Cannot use the configuration: found 3 problems',
          '  host: found "a b", wanted a host name or an IP address, without a port or brackets, or unix: and an absolute path (environment HOST)',
          '  port: found 70000, wanted a whole number from 0 to 65535 (flag --port)',
          '  prot: found "1", wanted a key that exists; did you mean port? (flag --set)',
          '',
        ])
      })
    }

    it('counts one problem as one', async () => {
      assert.match((await run('serve no-such-folder')).err, /found 1 problem\n {2}static.root: .*\(argument DIR\)\n$/)
    })

    it('lists sockets that are not available', async () => {
      const { code, err } = await run('--socket epoll', { tryEpoll: epollFails })
      assert.equal(code, 78)
      assert.include(err, '  socket: found epoll, wanted net or auto, since the fake does not work (flag --socket)\n')
    })

    it('lists a missing file', async () => {
      const { code, err } = await run('check --config no-such.yaml')
      assert.equal(code, 78)
      assert.include(err, '  no-such.yaml: found no such file, wanted a readable file (flag --config)\n')
    })
  })

  describe('wrong usage', () => {
    const cases: [words: string, line: RegExp, rule: string][] = [
      ['--prot 80', /unknown option '--prot' \(Did you mean --port\?\)/, 'an unknown flag'],
      ['check --jsn', /unknown option '--jsn' \(Did you mean --json\?\)/, 'an unknown flag of a command'],
      ['-p 80', /unknown option '-p'/, 'a short flag'],
      [
        'chekc',
        /unknown command 'chekc' \(commands: serve, check, routes, cert, new, completion, load, compare; for a folder: portico serve chekc\)/,
        'an unknown command',
      ],
      ['--port', /'--port <PORT>' argument missing/, 'a flag without its value'],
      [
        '--port abc',
        /'--port <PORT>' argument 'abc' is invalid\. Wanted a whole number/,
        'letters instead of a number',
      ],
      ['--port -1', /argument '-1' is invalid/, 'a negative number'],
      ['--port=', /argument '' is invalid/, 'an empty number'],
      ['--keepalive-timeout 5s', /Wanted seconds/, 'a unit in seconds'],
      ['--drain-timeout 1e3', /Wanted seconds/, 'seconds with an exponent'],
      ['--log-format xml', /Wanted one of plain, json/, 'an unknown word'],
      ['--set port', /Wanted KEY=VALUE/, 'a setting without a value'],
      ['--set =5', /Wanted KEY=VALUE/, 'a setting without a key'],
      ['new', /missing what to create, such as: portico new plugin NAME/, 'a missing subcommand'],
      ['check more', /too many arguments/, 'an extra argument'],
      ['serve a b', /too many arguments/, 'two folders'],
      ['serve config --static config', /DIR and --static name the same setting/, 'a folder named twice'],
    ]
    for (const [words, line, rule] of cases) {
      it(`exits 2 with one line and a hint for ${rule}: ${words}`, async () => {
        const { code, out, err, served } = await run(words)
        assert.deepEqual([code, out, served.length], [2, '', 0])
        const [first, ...rest] = err.split('\n')
        assert.match(first!, /^portico: Cannot read the command line: /)
        assert.match(first!, line)
        assert.deepEqual(rest, ['For help: portico --help', ''])
      })
    }
  })

  describe('--help', () => {
    it('names every flag, key, variable, command, signal and exit code on standard output', async () => {
      const { code, out, err } = await run('--help')
      assert.deepEqual([code, err], [0, ''])
      for (const { key, environment, flag } of realSettings().keys) {
        assert.include(out, key)
        assert.include(out, environment)
        if (flag !== null) assert.match(out, new RegExp(`^ {2}${flag.name}(?: <|  )`, 'm'))
      }
      for (const word of [
        '--config',
        '--set',
        '--version',
        '  serve',
        '  check',
        '  routes',
        '  cert',
        '  new',
        '  completion',
        '  load',
      ])
        assert.include(out, word)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
        assert.match(out, new RegExp(`^ {2}.*${signal}\\b.* {2}`, 'm'))
      for (const exit of [0, 1, 2, 78]) assert.match(out, new RegExp(`^ {2}${exit} +[a-z]`, 'm'))
    })

    it('shows a default in the unit of its flag', async () => {
      const text = (await run('--help')).out.replace(/\s+/g, ' ')
      assert.include(text, 'may be idle between requests (default 75; key keepAliveTimeoutMs;')
    })

    it('works for each command, and as the command help', async () => {
      for (const words of ['check --help', 'help check'])
        assert.match((await run(words)).out, /portico check[^]*--json/)
      assert.equal((await run('help')).out, (await run('-h')).out)
    })

    it('fits in its width', async () => {
      for (const words of [
        '--help',
        'check --help',
        'load --help',
        'compare --help',
        'cert --help',
        'new plugin --help',
      ])
        for (const line of (await run(words)).out.split('\n')) assert.isAtMost(line.length, HELP_WIDTH, line)
    })

    it('shows examples with valid usage', async () => {
      const { out } = await run('--help')
      const examples = [...out.matchAll(/^ {2}portico (.+?)(?: {3,}.*)?$/gm)].map(([, words]) => words!)
      assert.lengthOf(examples, 3)
      for (const words of examples) assert.notEqual((await run(words)).code, 2, words)
    })
  })

  it('--version prints the version', async () => {
    assert.deepInclude(await run('--version'), { code: 0, out: '1.2.3\n', err: '' })
  })

  it('does not catch errors of the server', async () => {
    const failure = new Error('Cannot serve')
    const serve = async (): Promise<never> => {
      throw failure
    }
    assert.strictEqual(await run('serve', { serve }).catch((error: unknown) => error), failure)
  })
})
