import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'
import type {
  GivenSetting,
  LoadedSettings,
  SettingsProblem,
  SettingsRequest,
} from '../../../src/ports/operations/settings.js'
import { settingsContract } from '../../contract/settings.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'

const given = (key: string, text: string, origin = 'flag --set'): GivenSetting => ({ key, text, origin, adds: false })

describe('LayeredSettings', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'portico-settings-'))
    mkdirSync(join(folder, 'config'))
    mkdirSync(join(folder, 'public'))
    mkdirSync(join(folder, 'config', 'public'))
    writeFileSync(join(folder, 'a-file'), '')
  })
  after(() => rmSync(folder, { recursive: true }))

  const source = (terminal = true): LayeredSettings => new LayeredSettings({ terminal, workingDirectory: folder })
  const load = (request: Partial<SettingsRequest>, terminal = true): Promise<LoadedSettings> =>
    source(terminal).load({ given: [], environment: {}, configFile: null, ...request })

  function fileOf(content: string, name = 'config/portico.json5'): { configFile: string } {
    writeFileSync(join(folder, name), content)
    return { configFile: name }
  }

  async function effective(request: Partial<SettingsRequest>, key: string): Promise<[value: unknown, origin: string]> {
    const loaded = await load(request)
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    const { value, origin } = loaded.effective.find((each) => each.key === key)!
    return [value, origin]
  }

  async function problems(request: Partial<SettingsRequest>): Promise<readonly SettingsProblem[]> {
    const loaded = await load(request)
    return 'problems' in loaded ? loaded.problems : []
  }

  settingsContract('LayeredSettings', () => source())

  it('gives the documented defaults', async () => {
    const loaded = await load({})
    assert.deepEqual('settings' in loaded ? loaded.settings : null, DEFAULT_SETTINGS)
  })

  it('writes logs plain on a terminal, else as JSON', async () => {
    for (const [terminal, format] of [
      [true, 'plain'],
      [false, 'json'],
    ] as const) {
      const loaded = await load({}, terminal)
      assert.equal('settings' in loaded ? loaded.settings.log.format : '', format)
    }
  })

  interface KeyCase {
    readonly environment: string
    readonly text: string
    /** What the text means; also how a file says it. */
    readonly value: unknown
    readonly wrongTexts: readonly string[]
    readonly wrongInFile: unknown
  }

  const wholeNumber = (environment: string, wrongTexts: readonly string[] = []): KeyCase => ({
    environment,
    text: '1200',
    value: 1200,
    wrongTexts: ['-1', '1.5', '12ms', 'abc', '9'.repeat(17), ...wrongTexts],
    wrongInFile: '1200',
  })
  const octets = (environment: string, value = 4096): KeyCase => ({
    environment,
    text: '4k',
    value,
    wrongTexts: ['-1', '4kb', '4.5k', '4 k', 'k', '9'.repeat(16)],
    wrongInFile: '4096',
  })
  const yesOrNo = (environment: string): KeyCase => ({
    environment,
    text: 'off',
    value: false,
    wrongTexts: ['maybe', '2'],
    wrongInFile: 'false',
  })
  const word = (
    environment: string,
    text: string,
    wrongTexts: readonly string[],
    wrongInFile: unknown = 5,
  ): KeyCase => ({ environment, text, value: text, wrongTexts, wrongInFile })

  const numberOrAuto = (environment: string): KeyCase => ({
    environment,
    text: '12',
    value: 12,
    wrongTexts: ['0', '-1', '1.5', '1025', 'all', 'AUTO', '2k'],
    wrongInFile: '12',
  })

  const cases: Readonly<Record<string, KeyCase>> = {
    host: word('HOST', '::1', ['[::1]', 'localhost:80', 'a b', 'a/b', '..', 'unix:', 'unix:here', 'unix:/there/']),
    port: wholeNumber('PORT', ['65536']),
    engine: word('PORTICO_SERVER_ENGINE', 'threadpool', ['threads', 'Selectors']),
    socket: word('PORTICO_SOCKET', 'net', ['iouring', 'Epoll']),
    selectTimeoutMs: wholeNumber('PORTICO_SELECT_TIMEOUT_MS', ['9']),
    workers: numberOrAuto('PORTICO_WORKERS'),
    workerTimeoutMs: wholeNumber('PORTICO_WORKER_TIMEOUT_MS', ['99']),
    'threadpool.workers': numberOrAuto('PORTICO_WORKER_COUNT'),
    'threadpool.queueSize': wholeNumber('PORTICO_REQUEST_QUEUE_SIZE'),
    'threadpool.queueTimeoutMs': wholeNumber('PORTICO_QUEUE_TIMEOUT_MS', ['0']),
    'threadpool.concurrency': wholeNumber('PORTICO_THREAD_CONCURRENCY', ['0']),
    'threadpool.memoryBytes': {
      ...octets('PORTICO_THREAD_MEMORY', 2 ** 26),
      text: '64M',
      wrongTexts: ['15m', '16777215', '64mb', '1g5'],
    },
    maxConnections: wholeNumber('PORTICO_MAX_ACTIVE_CONNECTIONS', ['0']),
    keepAliveTimeoutMs: wholeNumber('PORTICO_KEEPALIVE_TIMEOUT_MS', ['0', '2147483648']),
    maxKeepAliveRequests: wholeNumber('PORTICO_MAX_KEEPALIVE_REQUESTS'),
    headTimeoutMs: wholeNumber('PORTICO_HEAD_TIMEOUT_MS', ['0']),
    bodyTimeoutMs: wholeNumber('PORTICO_BODY_TIMEOUT_MS', ['0']),
    writeTimeoutMs: wholeNumber('PORTICO_WRITE_TIMEOUT_MS', ['0']),
    handlerTimeoutMs: wholeNumber('PORTICO_HANDLER_TIMEOUT_MS', ['0']),
    minRate: wholeNumber('PORTICO_MIN_RATE'),
    minRateGraceMs: wholeNumber('PORTICO_MIN_RATE_GRACE_MS'),
    idleSweepIntervalMs: wholeNumber('PORTICO_IDLE_SWEEP_INTERVAL_MS', ['0']),
    'drain.noticeMs': wholeNumber('PORTICO_DRAIN_NOTICE_MS'),
    'drain.timeoutMs': wholeNumber('PORTICO_DRAIN_TIMEOUT_MS'),
    'drain.pollIntervalMs': wholeNumber('PORTICO_DRAIN_POLL_INTERVAL_MS', ['0']),
    readChunkSize: octets('PORTICO_READ_CHUNK_SIZE'),
    writeChunkSize: octets('PORTICO_WRITE_CHUNK_SIZE'),
    'limits.headerBytes': { ...octets('PORTICO_MAX_HEADER_BYTES', 16384), text: '16K' },
    'limits.fields': wholeNumber('PORTICO_MAX_HEADER_FIELDS', ['0', '1k']),
    'limits.targetLength': octets('PORTICO_MAX_TARGET_LENGTH'),
    'limits.bodyBytes': octets('PORTICO_MAX_BODY_BYTES'),
    'limits.requestBytes': { ...octets('PORTICO_MAX_REQUEST_BYTES', 2 ** 30), text: '1g' },
    expectContinue: yesOrNo('PORTICO_ENABLE_EXPECT_CONTINUE'),
    serverName: word('PORTICO_SERVER_NAME', 'Gate/2 (x)', ['a\r\nb: c', ' x', 'é']),
    'plugins.directory': { ...word('PORTICO_PLUGINS', 'public', ['nowhere', 'a-file']) },
    'plugins.settings': {
      environment: 'PORTICO_PLUGINS_SETTINGS',
      text: "{hello: {greeting: 'Hi', 'a.b': {c: [1]}}, 'x.y': {}}",
      value: { hello: { greeting: 'Hi', 'a.b': { c: [1] } }, 'x.y': {} },
      wrongTexts: ['{', '[]', '5', '{hello: 1}', '{hello: {a: [{__proto__: {b: 1}}]}}'],
      wrongInFile: { hello: [] },
    },
    'plugins.without': {
      environment: 'PORTICO_PLUGINS_WITHOUT',
      text: 'hello, stream',
      value: ['hello', 'stream'],
      wrongTexts: [',', 'hello,'],
      wrongInFile: 'hello',
    },
    'static.root': { ...word('PORTICO_STATIC_ROOT', 'public', ['nowhere', 'a-file', 'a-file/x', 'a\0b']) },
    'static.prefix': word('PORTICO_STATIC_PREFIX', '/a-b/.c/', ['a/', '/a', '/a//b/', '/../', '/:a/', '/*/', '/%41/']),
    'static.cacheControl': word('PORTICO_STATIC_CACHE_CONTROL', 'public, max-age=60', ['a\nb']),
    'static.precompressed': yesOrNo('PORTICO_STATIC_PRECOMPRESSED'),
    'fileCache.files': wholeNumber('PORTICO_FILE_CACHE_FILES'),
    'fileCache.validMs': wholeNumber('PORTICO_FILE_CACHE_VALID_MS', ['0']),
    'admin.listener': word('PORTICO_ADMIN_LISTENER', 'separate', ['both']),
    'admin.host': word('PORTICO_ADMIN_HOST', '10.0.0.1', ['a b']),
    'admin.port': wholeNumber('PORTICO_ADMIN_PORT', ['65536']),
    'admin.token': {
      ...word('PORTICO_ADMIN_TOKEN', 'abcdefgh-0123456==', ['short', 'with a space in it all']),
      value: '(secret)',
    },
    'tls.enabled': yesOrNo('PORTICO_ENABLE_TLS'),
    'tls.only': yesOrNo('PORTICO_TLS_ONLY'),
    'tls.port': wholeNumber('PORTICO_HTTPS_PORT', ['65536']),
    'tls.certFile': word('PORTICO_TLS_CERT_FILE', 'a-file', ['a\0b']),
    'tls.keyFile': word('PORTICO_TLS_KEY_FILE', 'a-file', ['a\0b']),
    'tls.passphrase': { ...word('PORTICO_TLS_PASSPHRASE', 'open sesame', []), value: '(secret)' },
    'tls.passphraseFile': word('PORTICO_TLS_PASSPHRASE_FILE', 'a-file', ['a\0b']),
    'tls.certificates': {
      environment: 'PORTICO_TLS_CERTIFICATES',
      text: '[]',
      value: [],
      wrongTexts: ['{}', '5', '[{}]', '[{certFile: "a"}]', '[{certFile: "a", keyFile: ""}]', '[5]', '['],
      wrongInFile: [{ certFile: 'a', keyFile: 'b', cert: 'c' }],
    },
    'tls.minVersion': word('PORTICO_TLS_MIN_VERSION', 'TLSv1.3', ['TLSv1.1', 'SSLv3', '1.2']),
    'tls.clientAuth': word('PORTICO_TLS_CLIENT_AUTH', 'none', ['optional', 'true']),
    'tls.clientCaFile': word('PORTICO_TLS_CLIENT_CA_FILE', 'a-file', ['a\0b']),
    'tls.handshakeTimeoutMs': wholeNumber('PORTICO_TLS_HANDSHAKE_TIMEOUT_MS', ['0']),
    'tls.maxHandshakes': wholeNumber('PORTICO_TLS_MAX_HANDSHAKES', ['0']),
    'tls.ticketLifetimeMs': wholeNumber('PORTICO_TLS_TICKET_LIFETIME_MS', ['999', '604800001']),
    'tls.watchIntervalMs': wholeNumber('PORTICO_TLS_WATCH_INTERVAL_MS'),
    'tls.redirectHttp': yesOrNo('PORTICO_REDIRECT_HTTP'),
    'tls.redirectHost': word('PORTICO_REDIRECT_HOST', 'www.example.test', ['a b', 'https://a', 'a:8443', '[::1]']),
    'tls.acmeDirectory': word('PORTICO_ACME_DIRECTORY', 'public', ['nowhere', 'a-file']),
    'tls.hsts': word('PORTICO_TLS_HSTS', 'max-age=60; includeSubDomains', ['max-age=60\r\nb: c', 'includeSubDomains']),
    'log.format': word('PORTICO_LOG_FORMAT', 'json', ['xml', 'JSON']),
    'log.level': word('PORTICO_LOG_LEVEL', 'silent', ['loud']),
    'log.access': yesOrNo('PORTICO_LOG_ACCESS'),
  }
  const isPathKey = (key: string): boolean => /\.(?:directory|root|\w*File|acmeDirectory)$/.test(key)

  it('has a case below for every key', () => {
    assert.sameMembers(
      source().keys.map(({ key }) => key),
      Object.keys(cases),
    )
  })

  for (const [key, { environment, text, value, wrongTexts, wrongInFile }] of Object.entries(cases)) {
    const expected = (base: string): unknown => (isPathKey(key) ? join(base, value as string) : value)

    describe(`the key ${key}`, () => {
      it(`is read from the environment as ${environment}`, async () => {
        assert.deepEqual(await effective({ environment: { [environment]: text } }, key), [
          expected(folder),
          `environment ${environment}`,
        ])
      })

      it('is read from what is given on the command line', async () => {
        assert.deepEqual(await effective({ given: [given(key, text)] }, key), [expected(folder), 'flag --set'])
      })

      it('is read from a file', async () => {
        const request = fileOf(JSON.stringify({ [key]: value === '(secret)' ? text : value }))
        const origin = 'file config/portico.json5'
        assert.deepEqual(await effective(request, key), [expected(join(folder, 'config')), origin])
      })

      for (const wrong of wrongTexts) {
        it(`does not take ${JSON.stringify(wrong)}`, async () => {
          const found = await problems({ environment: { [environment]: wrong } })
          assert.deepEqual(
            found.map((problem) => [problem.key, problem.origin]),
            [[key, `environment ${environment}`]],
          )
        })
      }

      it(`does not take ${JSON.stringify(wrongInFile)} in a file`, async () => {
        const [problem, ...more] = await problems(fileOf(JSON.stringify({ [key]: wrongInFile })))
        assert.deepInclude(problem, { key, origin: 'file config/portico.json5' })
        assert.isEmpty(more)
      })

      it('counts null in a file and an empty variable as unset', async () => {
        const request = { ...fileOf(JSON.stringify({ [key]: null })), environment: { [environment]: '' } }
        assert.equal((await effective(request, key))[1], 'default')
      })
    })
  }

  describe('certificates', () => {
    it('have their paths from the place where they are written', async () => {
      const written = [{ certFile: 'a.pem', keyFile: '/keys/a.key' }]
      const [value] = await effective(fileOf(JSON.stringify({ tls: { certificates: written } })), 'tls.certificates')
      const certFile = join(folder, 'config/a.pem')
      assert.deepEqual(value, [{ certFile, keyFile: '/keys/a.key', passphraseFile: null }])
    })

    it('may have a passphrase each', async () => {
      const text = '[{certFile: "a", keyFile: "b", passphraseFile: "c"}]'
      const loaded = await load({ environment: { PORTICO_TLS_CERTIFICATES: text } })
      const [certFile, keyFile, passphraseFile] = ['a', 'b', 'c'].map((name) => join(folder, name))
      assert.deepEqual('settings' in loaded ? loaded.settings.tls.certificates : null, [
        { certFile: certFile!, keyFile: keyFile!, passphraseFile: passphraseFile! },
      ])
    })
  })

  describe('a secret', () => {
    it('is given to the program, and shown to nobody', async () => {
      const loaded = await load({ environment: { PORTICO_TLS_PASSPHRASE: 'open sesame' } })
      assert.equal('settings' in loaded ? loaded.settings.tls.passphrase : '', 'open sesame')
      assert.notInclude(JSON.stringify('effective' in loaded ? loaded.effective : ''), 'sesame')
    })

    it('is not shown when it is wrong either', async () => {
      const [problem] = await problems(fileOf('{ tls: { passphrase: 1234 } }'))
      assert.equal(problem?.found, '(secret)')
    })
  })

  describe('a number that may be auto', () => {
    it('takes the word from everywhere', async () => {
      for (const key of ['workers', 'threadpool.workers']) {
        const { environment } = cases[key]!
        assert.equal((await effective({ environment: { [environment]: 'auto' } }, key))[0], 'auto')
        assert.equal((await effective(fileOf(JSON.stringify({ [key]: 'auto' })), key))[0], 'auto')
      }
      assert.deepEqual(await effective({ given: [given('workers', 'auto', 'flag --workers')] }, 'workers'), [
        'auto',
        'flag --workers',
      ])
    })

    it('says so when it finds something else', async () => {
      const [problem] = await problems({ given: [given('workers', 'many')] })
      const wanted = 'a whole number from 1 to 1024, or auto'
      assert.deepEqual(problem, { key: 'workers', found: '"many"', wanted, origin: 'flag --set' })
    })
  })

  describe('the order of sources', () => {
    const environment = { PORT: '2' }
    const flags = [given('port', '3', 'flag --port'), given('port', '4')]

    it('is default, file, environment, flags; among flags the last', async () => {
      const file = fileOf('{ port: 1 }')
      assert.deepEqual(await effective({}, 'port'), [8080, 'default'])
      assert.deepEqual(await effective(file, 'port'), [1, 'file config/portico.json5'])
      assert.deepEqual(await effective({ ...file, environment }, 'port'), [2, 'environment PORT'])
      assert.deepEqual(await effective({ ...file, environment, given: flags }, 'port'), [4, 'flag --set'])
    })

    it('is kept key by key', async () => {
      const file = fileOf('{ drain: { noticeMs: 5, timeoutMs: 6000 } }')
      const request = { ...file, environment: { PORTICO_DRAIN_TIMEOUT_MS: '7000' } }
      assert.equal((await effective(request, 'drain.noticeMs'))[0], 5)
      assert.equal((await effective(request, 'drain.timeoutMs'))[0], 7000)
    })

    it('does not hide a wrong value behind a stronger one', async () => {
      const [problem] = await problems({ environment: { PORT: 'x' }, given: flags })
      assert.equal(problem?.origin, 'environment PORT')
    })

    it('adds to a list where that is asked for, without repeating', async () => {
      const file = fileOf('{ plugins: { without: ["stream", "hello"] } }')
      const added = [{ ...given('plugins.without', 'hello,submit'), adds: true }]
      assert.deepEqual((await effective({ ...file, given: added }, 'plugins.without'))[0], [
        'stream',
        'hello',
        'submit',
      ])
    })
  })

  describe('configuration files', () => {
    it('may be YAML', async () => {
      const request = fileOf('port: 9000 # ours\nlimits:\n  bodyBytes: 1m\n', 'config/portico.yaml')
      assert.deepEqual(await effective(request, 'port'), [9000, 'file config/portico.yaml'])
      assert.deepEqual(await effective(request, 'limits.bodyBytes'), [1_048_576, 'file config/portico.yaml'])
    })

    it('may hold nothing', async () => {
      for (const name of ['config/empty.json', 'config/empty.yml']) assert.isEmpty(await problems(fileOf(' \n', name)))
      assert.isEmpty(await problems(fileOf('# only a comment\n', 'config/comment.yml')))
    })

    it('may use dotted keys', async () => {
      assert.equal((await effective(fileOf('{ "drain.noticeMs": 9 }'), 'drain.noticeMs'))[0], 9)
    })

    const unusable: [name: string, content: string | null, found: RegExp, rule: string][] = [
      ['missing.yaml', null, /^no such file$/, 'a missing file'],
      ['portico.toml', 'port = 1', /^another extension$/, 'an unknown extension'],
      [
        'bad.json5',
        '{ port: 1,\n  host: }',
        /invalid character '}' in line 2, column 9/,
        'malformed JSON5, with its line',
      ],
      ['bad.yaml', 'port: 1\nhost: [\n', /in line 3, column 1/, 'malformed YAML, with its line'],
      ['twice.yaml', 'port: 1\nport: 2\n', /unique in line 2, column 1/, 'a YAML key that stands twice'],
      ['two.yaml', 'port: 1\n---\nport: 2\n', /multiple documents.* in line 2/, 'two YAML documents'],
      ['tag.yaml', 'port: !secret x\n', /tag.* in line 1, column 7/, 'a YAML tag that we do not know'],
      ['loop.yaml', 'plugins: &a\n  settings: *a\n', /circular/, 'a YAML alias inside its own anchor'],
      ['list.yaml', '- port\n', /^a list$/, 'a list'],
      ['word.json', '"port"', /^a single value$/, 'a single value'],
    ]
    for (const [name, content, found, rule] of unusable) {
      it(`report ${rule}`, async () => {
        if (content !== null) writeFileSync(join(folder, name), content)
        const [problem, ...more] = await problems({ configFile: name })
        assert.deepInclude(problem, { key: name, origin: 'flag --config' })
        assert.match(problem!.found, found)
        assert.isEmpty(more)
      })
    }

    it('report a folder in the place of a file', async () => {
      mkdirSync(join(folder, 'dir.yaml'))
      const [problem] = await problems({ configFile: 'dir.yaml' })
      assert.match(problem!.found, /EISDIR/)
    })

    it('cannot reach the prototype of objects', async () => {
      const json = fileOf('{ "__proto__": { port: 1 }, limits: { "__proto__": { fields: 1 } }, constructor: 1 }')
      const yaml = fileOf('__proto__: { port: 1 }\nlimits: { __proto__: { fields: 1 } }\nconstructor: 1\n', 'p.yaml')
      for (const request of [json, yaml]) {
        const found = (await problems(request)).map(({ key }) => key)
        assert.deepEqual(found, ['__proto__', 'limits.__proto__', 'constructor'])
      }
      assert.isUndefined(({} as { port?: number }).port)
    })
  })

  describe('problems', () => {
    it('are reported all at once, from every source', async () => {
      const found = await problems({
        ...fileOf('{ prot: 1, limits: { headerByte: 5, fields: "x" }, drain: 7 }'),
        environment: { PORT: '70000', PORTICO_LOG_LEVL: 'info' },
        given: [given('log.access', 'perhaps'), given('nothing.like.it', '1')],
      })
      assert.deepEqual(
        found.map(({ key, origin }) => `${key} (${origin})`),
        [
          'prot (file config/portico.json5)',
          'limits.headerByte (file config/portico.json5)',
          'limits.fields (file config/portico.json5)',
          'drain (file config/portico.json5)',
          'port (environment PORT)',
          'log.access (flag --set)',
          'nothing.like.it (flag --set)',
          'PORTICO_LOG_LEVL (environment PORTICO_LOG_LEVL)',
        ],
      )
    })

    it('tell what was found and what was wanted', async () => {
      assert.deepEqual(await problems({ environment: { PORT: '70000' } }), [
        { key: 'port', found: '70000', wanted: 'a whole number from 0 to 65535', origin: 'environment PORT' },
      ])
    })

    it('show numbers that JSON lacks, and only the beginning of long values', async () => {
      const found = await problems(fileOf(`{ port: Infinity, host: '${'x y'.repeat(100)}' }`))
      assert.equal(found[0]?.found, 'Infinity')
      assert.isBelow(found[1]!.found.length, 100)
    })

    it('name the keys inside a group that was given a value', async () => {
      const [problem] = await problems({ given: [given('drain', '5')] })
      assert.equal(problem?.wanted, 'keys inside it: drain.noticeMs, drain.timeoutMs, drain.pollIntervalMs')
    })

    const slips: [written: string, meant: string | null][] = [
      ['prot', 'port'],
      ['limits.headerByte', 'limits.headerBytes'],
      ['headerbytes', 'limits.headerBytes'],
      ['limit.bodyBytes', 'limits.bodyBytes'],
      ['static.Root', 'static.root'],
      ['maxConections', 'maxConnections'],
      ['banana', null],
    ]
    for (const [written, meant] of slips) {
      it(`for the key "${written}" suggest ${meant ?? 'nothing'}`, async () => {
        const [problem] = await problems({ given: [given(written, '1')] })
        const suggestion = meant === null ? '' : `; did you mean ${meant}?`
        assert.equal(problem?.wanted, `a key that exists${suggestion}`)
      })
    }

    it('name a variable with our prefix that sets nothing', async () => {
      const [problem] = await problems({ environment: { PORTICO_MAX_CONNECTIONS: '5' } })
      assert.equal(problem?.wanted, 'a variable that exists; did you mean PORTICO_MAX_ACTIVE_CONNECTIONS?')
      const [stranger] = await problems({ environment: { PORTICO_X: '5' } })
      assert.equal(stranger?.wanted, 'a variable that exists')
    })

    it('leave out the variables that Kubernetes sets for a service called portico', async () => {
      const environment = {
        PORTICO_SERVICE_HOST: '10.0.0.1',
        PORTICO_SERVICE_PORT: '80',
        PORTICO_SERVICE_PORT_HTTP: '80',
        PORTICO_PORT: 'tcp://10.0.0.1:80',
        PORTICO_PORT_80_TCP: 'tcp://10.0.0.1:80',
        PORTICO_PORT_80_TCP_ADDR: '10.0.0.1',
      }
      assert.isEmpty(await problems({ environment }))
    })
  })

  describe('keys that bound each other', () => {
    const broken: [text: Readonly<Record<string, string>>, key: string, wanted: RegExp][] = [
      [
        { 'limits.headerBytes': '4k' },
        'limits.targetLength',
        /^at most limits.headerBytes, which is 4096 \(flag --set\)/,
      ],
      [
        { 'limits.targetLength': '17k' },
        'limits.targetLength',
        /^at most limits.headerBytes, which is 16384 \(default\)/,
      ],
      [{ 'limits.headerBytes': '3m' }, 'limits.headerBytes', /^at most limits.requestBytes/],
      [{ 'limits.bodyBytes': '1g' }, 'limits.bodyBytes', /^at most limits.requestBytes, which is 2097152/],
      [{ 'drain.timeoutMs': '49' }, 'drain.pollIntervalMs', /^at most drain.timeoutMs, which is 49/],
    ]
    for (const [text, key, wanted] of broken) {
      it(`${JSON.stringify(text)} is a problem of ${key}`, async () => {
        const [problem, ...more] = await problems({ given: Object.entries(text).map((pair) => given(...pair)) })
        assert.equal(problem?.key, key)
        assert.match(problem!.wanted, wanted)
        assert.isEmpty(more)
      })
    }

    it('may be equal', async () => {
      const texts = [
        given('limits.targetLength', '16k'),
        given('limits.bodyBytes', '2m'),
        given('drain.timeoutMs', '50'),
      ]
      assert.isEmpty(await problems({ given: texts }))
    })

    it('are free of a drain that cuts at once', async () => {
      assert.isEmpty(await problems({ given: [given('drain.timeoutMs', '0')] }))
    })

    it('are not judged by a value that was refused', async () => {
      const found = await problems({ given: [given('limits.headerBytes', 'abc'), given('limits.targetLength', '20k')] })
      assert.deepEqual(
        found.map(({ key }) => key),
        ['limits.headerBytes'],
      )
    })
  })

  describe('keys that do not go together', () => {
    const cert = { 'tls.certFile': 'a.pem', 'tls.keyFile': 'a.key' }
    const apart = { 'admin.listener': 'separate' }
    const impossible: [texts: Readonly<Record<string, string>>, key: string][] = [
      [{ 'tls.enabled': 'on', 'tls.keyFile': 'a.key' }, 'tls.certFile'],
      [{ 'tls.enabled': 'on', 'tls.certFile': 'a.pem' }, 'tls.keyFile'],
      [{ 'tls.passphrase': 'x', 'tls.passphraseFile': 'p' }, 'tls.passphrase'],
      [{ 'tls.clientAuth': 'require' }, 'tls.clientCaFile'],
      [{ 'tls.only': 'on' }, 'tls.only'],
      [{ 'tls.redirectHttp': 'on' }, 'tls.redirectHttp'],
      [{ ...cert, 'tls.enabled': 'on', 'tls.only': 'on', 'tls.redirectHttp': 'on' }, 'tls.redirectHttp'],
      [{ ...cert, 'tls.enabled': 'on', port: '8443' }, 'tls.port'],
      [{ ...cert, 'tls.enabled': 'on', host: 'unix:/s' }, 'host'],
      [{ ...apart, port: '8081' }, 'admin.port'],
      [{ ...apart, port: '8081', host: '0.0.0.0' }, 'admin.port'],
      [{ ...apart, port: '8081', 'admin.host': '::' }, 'admin.port'],
      [{ ...apart, host: 'unix:/s', 'admin.host': 'unix:/s' }, 'admin.port'],
      [{ ...apart, ...cert, 'tls.enabled': 'on', 'tls.port': '8081' }, 'admin.port'],
    ]
    for (const [texts, key] of impossible) {
      it(`${JSON.stringify(texts)} is a problem of ${key}`, async () => {
        const found = await problems({ given: Object.entries(texts).map((pair) => given(...pair)) })
        assert.deepEqual(
          found.map((problem) => problem.key),
          [key],
        )
        assert.notInclude(JSON.stringify(found), '"x"')
      })
    }

    const possible: Readonly<Record<string, string>>[] = [
      { ...cert, 'tls.enabled': 'on' },
      { ...cert, 'tls.enabled': 'on', port: '0', 'tls.port': '0' },
      { ...cert, 'tls.enabled': 'on', 'tls.only': 'on', port: '8443' },
      { ...cert, 'tls.enabled': 'on', 'tls.only': 'on', host: 'unix:/s' },
      { port: '8081' },
      { ...apart, port: '0', 'admin.port': '0' },
      { ...apart, port: '8081', host: '10.0.0.1' },
      { ...apart, port: '8081', 'admin.host': 'unix:/s' },
      { ...apart, host: 'unix:/s', 'admin.host': 'unix:/t' },
      { ...apart, ...cert, 'tls.enabled': 'on', 'tls.only': 'on', port: '8081' },
      { ...cert, 'tls.enabled': 'on', 'tls.clientAuth': 'request', 'tls.clientCaFile': 'ca.pem' },
    ]
    for (const texts of possible) {
      it(`${JSON.stringify(texts)} is none`, async () => {
        assert.isEmpty(await problems({ given: Object.entries(texts).map((pair) => given(...pair)) }))
      })
    }
  })
})
