import { assert } from 'chai'
import { describe, it } from 'mocha'
import { epollFails } from '../../fakes/sockets.js'
import { DEFAULT_SETTINGS, FakeSettings } from '../../fakes/settings.js'
import { FOLDER, realSettings, ROUTES, runCommand, given } from './run-command.js'

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
        assert.match((await runCommand(`${command} --help`)).out, /^ {2}--port <PORT>.*[^]*^ {2}--config <FILE>/m)
      }
    })

    it('are passed on in their order', async () => {
      const texts = (await given('--port 1 --set port=2 check --port 3')).map(({ text }) => text)
      assert.deepEqual(texts, ['1', '2', '3'])
    })

    it('name the configuration file; without --config, none is read', async () => {
      const settings = new FakeSettings()
      await runCommand('check --config my.yaml', { settings }, { PORT: '1' })
      await runCommand('check', { settings })
      assert.deepEqual(settings.requests, [
        { given: [], environment: { PORT: '1' }, configFile: 'my.yaml' },
        { given: [], environment: {}, configFile: null },
      ])
    })

    it('name the configuration file; the one after the command wins', async () => {
      const settings = new FakeSettings()
      await runCommand('--config a.yaml check --config b.yaml', { settings })
      await runCommand('--config a.yaml check', { settings })
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
      await runCommand('--port 9 --config x.yaml', { settings: source, serve }, { HOST: '::1' })
      const [first, again] = settings.requests
      assert.deepEqual(again, first)
      assert.deepEqual([again?.configFile, again?.environment], ['x.yaml', { HOST: '::1' }])
    })

    it('is the default command', async () => {
      for (const words of ['', 'serve']) assert.deepEqual((await runCommand(words)).served, [DEFAULT_SETTINGS])
    })

    it('returns the exit code of the server', async () => {
      for (const code of [0, 1]) assert.equal((await runCommand('serve', { serve: async () => code })).code, code)
    })

    it('prints nothing itself', async () => {
      const { out, err } = await runCommand('--port 0')
      assert.deepEqual([out, err], ['', ''])
    })

    for (const words of ['serve config', './config', `${FOLDER}/config`, 'serve --port 8080 config']) {
      it(`${words.replace(FOLDER, '…')} serves a folder at / without the hello plugin`, async () => {
        const [settings] = (await runCommand(words)).served
        assert.deepEqual(settings?.static, { ...DEFAULT_SETTINGS.static, root: `${FOLDER}/config`, prefix: '/' })
        assert.deepEqual(settings?.plugins.without, ['hello'])
      })
    }

    it('DIR adds to the plugins that the environment leaves out', async () => {
      const { served } = await runCommand('serve config', {}, { PORTICO_PLUGINS_WITHOUT: 'stream' })
      assert.deepEqual(served[0]?.plugins.without, ['stream', 'hello'])
    })

    it('DIR is overridden by flags', async () => {
      const { served } = await runCommand('serve config --set static.prefix=/files/')
      assert.equal(served[0]?.static.prefix, '/files/')
    })
  })

  describe('check', () => {
    it('prints a table of each key, its value and its origin', async () => {
      const { code, out, served } = await runCommand('check --port 9000 --set serverName=', {}, { HOST: '::1' })
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
      const { code, out } = await runCommand('check --json --port 9000', { tryEpoll: epollFails })
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
      const { code, out, served } = await runCommand('routes')
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
      const { code, out } = await runCommand('routes --json')
      assert.equal(code, 0)
      assert.deepEqual(JSON.parse(out), ROUTES)
    })

    it('exits 1 with the reason when a plugin is broken', async () => {
      const routes = async (): Promise<never> => {
        throw new Error('Cannot load plugin "x.js": found no default export, wanted a plugin')
      }
      const { code, out, err } = await runCommand('routes', { routes })
      assert.deepEqual([code, out], [1, ''])
      assert.equal(err, 'portico: Cannot load plugin "x.js": found no default export, wanted a plugin\n')
    })
  })

  describe('bad configuration', () => {
    for (const words of ['', 'serve', 'check', 'check --json', 'routes']) {
      it(`exits 78 from "${words}" and lists every problem`, async () => {
        const { code, out, err, served } = await runCommand(
          `${words} --port 70000 --set prot=1`.trim(),
          {},
          { HOST: 'a b' },
        )
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
      assert.match(
        (await runCommand('serve no-such-folder')).err,
        /found 1 problem\n {2}static.root: .*\(argument DIR\)\n$/,
      )
    })

    it('lists sockets that are not available', async () => {
      const { code, err } = await runCommand('--socket epoll', { tryEpoll: epollFails })
      assert.equal(code, 78)
      assert.include(err, '  socket: found epoll, wanted net or auto, since the fake does not work (flag --socket)\n')
    })

    it('lists a missing file', async () => {
      const { code, err } = await runCommand('check --config no-such.yaml')
      assert.equal(code, 78)
      assert.include(err, '  no-such.yaml: found no such file, wanted a readable file (flag --config)\n')
    })
  })

  it('--version prints the version', async () => {
    assert.deepInclude(await runCommand('--version'), { code: 0, out: '1.2.3\n', err: '' })
  })

  it('does not catch errors of the server', async () => {
    const failure = new Error('Cannot serve')
    const serve = async (): Promise<never> => {
      throw failure
    }
    assert.strictEqual(await runCommand('serve', { serve }).catch((error: unknown) => error), failure)
  })
})
