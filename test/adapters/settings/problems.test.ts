import { assert } from 'chai'
import { describe, it } from 'mocha'
import { given, loadingInFolder } from './loading.js'

describe('the problems that LayeredSettings reports', () => {
  const { fileOf, problems } = loadingInFolder()

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

    it('say what was found and what was wanted', async () => {
      assert.deepEqual(await problems({ environment: { PORT: '70000' } }), [
        { key: 'port', found: '70000', wanted: 'a whole number from 0 to 65535', origin: 'environment PORT' },
      ])
    })

    it('show numbers that JSON lacks, and only the beginning of long values', async () => {
      const found = await problems(fileOf(`{ port: Infinity, host: '${'x y'.repeat(100)}' }`))
      assert.equal(found[0]?.found, 'Infinity')
      assert.isBelow(found[1]!.found.length, 100)
    })

    it('list the keys of a group that was given a value', async () => {
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
      it(`suggest ${meant ?? 'nothing'} for the key "${written}"`, async () => {
        const [problem] = await problems({ given: [given(written, '1')] })
        const suggestion = meant === null ? '' : `; did you mean ${meant}?`
        assert.equal(problem?.wanted, `a key that exists${suggestion}`)
      })
    }

    it('name a variable with our prefix that belongs to no key', async () => {
      const [problem] = await problems({ environment: { PORTICO_MAX_CONNECTIONS: '5' } })
      assert.equal(problem?.wanted, 'a variable that exists; did you mean PORTICO_MAX_ACTIVE_CONNECTIONS?')
      const [stranger] = await problems({ environment: { PORTICO_X: '5' } })
      assert.equal(stranger?.wanted, 'a variable that exists')
    })

    it('exclude the variables that Kubernetes sets for a service called portico', async () => {
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

  describe('keys that limit each other', () => {
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

    it('are ignored for a drain that cuts requests off at once', async () => {
      assert.isEmpty(await problems({ given: [given('drain.timeoutMs', '0')] }))
    })

    it('are not compared with a value that was refused', async () => {
      const found = await problems({ given: [given('limits.headerBytes', 'abc'), given('limits.targetLength', '20k')] })
      assert.deepEqual(
        found.map(({ key }) => key),
        ['limits.headerBytes'],
      )
    })
  })

  describe('keys that conflict', () => {
    const cert = { 'tls.certFile': 'a.pem', 'tls.keyFile': 'a.key' }
    const separate = { 'admin.listener': 'separate' }
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
      [{ ...separate, port: '8081' }, 'admin.port'],
      [{ ...separate, port: '8081', host: '0.0.0.0' }, 'admin.port'],
      [{ ...separate, port: '8081', 'admin.host': '::' }, 'admin.port'],
      [{ ...separate, host: 'unix:/s', 'admin.host': 'unix:/s' }, 'admin.port'],
      [{ ...separate, ...cert, 'tls.enabled': 'on', 'tls.port': '8081' }, 'admin.port'],
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
      { ...separate, port: '0', 'admin.port': '0' },
      { ...separate, port: '8081', host: '10.0.0.1' },
      { ...separate, port: '8081', 'admin.host': 'unix:/s' },
      { ...separate, host: 'unix:/s', 'admin.host': 'unix:/t' },
      { ...separate, ...cert, 'tls.enabled': 'on', 'tls.only': 'on', port: '8081' },
      { ...cert, 'tls.enabled': 'on', 'tls.clientAuth': 'request', 'tls.clientCaFile': 'ca.pem' },
    ]
    for (const texts of possible) {
      it(`${JSON.stringify(texts)} is no problem`, async () => {
        assert.isEmpty(await problems({ given: Object.entries(texts).map((pair) => given(...pair)) }))
      })
    }
  })
})
