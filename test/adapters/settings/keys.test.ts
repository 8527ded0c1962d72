// One row for each key makes this file long.
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { join } from 'node:path'
import { given, loadingInFolder } from './loading.js'

describe('the keys of LayeredSettings', () => {
  const { folder, source, effective, fileOf, problems } = loadingInFolder()

  interface KeyCase {
    readonly environment: string
    readonly text: string
    /** The value that the text means, and that a file holds for it. */
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
  const bytes = (environment: string, value = 4096): KeyCase => ({
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
      ...bytes('PORTICO_THREAD_MEMORY', 2 ** 26),
      text: '64M',
      wrongTexts: ['15m', '16777215', '64mb', '1g5'],
    },
    maxConnections: wholeNumber('PORTICO_MAX_ACTIVE_CONNECTIONS', ['0']),
    keepAliveTimeoutMs: wholeNumber('PORTICO_KEEPALIVE_TIMEOUT_MS', ['0', '2147483648']),
    lingerTimeoutMs: wholeNumber('PORTICO_LINGER_TIMEOUT_MS', ['0', '2147483648']),
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
    readChunkSize: bytes('PORTICO_READ_CHUNK_SIZE'),
    writeChunkSize: bytes('PORTICO_WRITE_CHUNK_SIZE'),
    'limits.headerBytes': { ...bytes('PORTICO_MAX_HEADER_BYTES', 16384), text: '16K' },
    'limits.fields': wholeNumber('PORTICO_MAX_HEADER_FIELDS', ['0', '1k']),
    'limits.targetLength': bytes('PORTICO_MAX_TARGET_LENGTH'),
    'limits.bodyBytes': bytes('PORTICO_MAX_BODY_BYTES'),
    'limits.requestBytes': { ...bytes('PORTICO_MAX_REQUEST_BYTES', 2 ** 30), text: '1g' },
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

  it('all have a case below', () => {
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
          expected(folder()),
          `environment ${environment}`,
        ])
      })

      it('is read from the command line', async () => {
        assert.deepEqual(await effective({ given: [given(key, text)] }, key), [expected(folder()), 'flag --set'])
      })

      it('is read from a file', async () => {
        const request = fileOf(JSON.stringify({ [key]: value === '(secret)' ? text : value }))
        const origin = 'file config/portico.json5'
        assert.deepEqual(await effective(request, key), [expected(join(folder(), 'config')), origin])
      })

      for (const wrong of wrongTexts) {
        it(`refuses ${JSON.stringify(wrong)}`, async () => {
          const found = await problems({ environment: { [environment]: wrong } })
          assert.deepEqual(
            found.map((problem) => [problem.key, problem.origin]),
            [[key, `environment ${environment}`]],
          )
        })
      }

      it(`refuses ${JSON.stringify(wrongInFile)} in a file`, async () => {
        const [problem, ...more] = await problems(fileOf(JSON.stringify({ [key]: wrongInFile })))
        assert.deepInclude(problem, { key, origin: 'file config/portico.json5' })
        assert.isEmpty(more)
      })

      it('is unset by null in a file and by an empty variable', async () => {
        const request = { ...fileOf(JSON.stringify({ [key]: null })), environment: { [environment]: '' } }
        assert.equal((await effective(request, key))[1], 'default')
      })
    })
  }
})
