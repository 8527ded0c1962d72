import { assert } from 'chai'
import { describe, it } from 'mocha'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsContract } from '../../contract/settings.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { given, loadingInFolder } from './loading.js'

describe('LayeredSettings', () => {
  const { folder, source, load, effective, fileOf, problems } = loadingInFolder()

  settingsContract('LayeredSettings', () => source())

  it('gives the documented defaults', async () => {
    const loaded = await load({})
    assert.deepEqual('settings' in loaded ? loaded.settings : null, DEFAULT_SETTINGS)
  })

  it('makes plain logs the default on a terminal, and JSON elsewhere', async () => {
    for (const [terminal, format] of [
      [true, 'plain'],
      [false, 'json'],
    ] as const) {
      const loaded = await load({}, terminal)
      assert.equal('settings' in loaded ? loaded.settings.log.format : '', format)
    }
  })

  describe('certificates', () => {
    it('resolve their paths against the folder of the file', async () => {
      const written = [{ certFile: 'a.pem', keyFile: '/keys/a.key' }]
      const [value] = await effective(fileOf(JSON.stringify({ tls: { certificates: written } })), 'tls.certificates')
      const certFile = join(folder(), 'config/a.pem')
      assert.deepEqual(value, [{ certFile, keyFile: '/keys/a.key', passphraseFile: null }])
    })

    it('may have one passphrase file each', async () => {
      const text = '[{certFile: "a", keyFile: "b", passphraseFile: "c"}]'
      const loaded = await load({ environment: { PORTICO_TLS_CERTIFICATES: text } })
      const [certFile, keyFile, passphraseFile] = ['a', 'b', 'c'].map((name) => join(folder(), name))
      assert.deepEqual('settings' in loaded ? loaded.settings.tls.certificates : null, [
        { certFile: certFile!, keyFile: keyFile!, passphraseFile: passphraseFile! },
      ])
    })
  })

  describe('a secret', () => {
    it('reaches the program, but not the effective settings', async () => {
      const loaded = await load({ environment: { PORTICO_TLS_PASSPHRASE: 'open sesame' } })
      assert.equal('settings' in loaded ? loaded.settings.tls.passphrase : '', 'open sesame')
      assert.notInclude(JSON.stringify('effective' in loaded ? loaded.effective : ''), 'sesame')
    })

    it('is hidden in problems, too', async () => {
      const [problem] = await problems(fileOf('{ tls: { passphrase: 1234 } }'))
      assert.equal(problem?.found, '(secret)')
    })
  })

  describe('a number that may be auto', () => {
    it('accepts the word from every source', async () => {
      for (const key of ['workers', 'threadpool.workers']) {
        const environment = source().keys.find((each) => each.key === key)!.environment
        assert.equal((await effective({ environment: { [environment]: 'auto' } }, key))[0], 'auto')
        assert.equal((await effective(fileOf(JSON.stringify({ [key]: 'auto' })), key))[0], 'auto')
      }
      assert.deepEqual(await effective({ given: [given('workers', 'auto', 'flag --workers')] }, 'workers'), [
        'auto',
        'flag --workers',
      ])
    })

    it('mentions auto when the value is wrong', async () => {
      const [problem] = await problems({ given: [given('workers', 'many')] })
      const wanted = 'a whole number from 1 to 1024, or auto'
      assert.deepEqual(problem, { key: 'workers', found: '"many"', wanted, origin: 'flag --set' })
    })
  })

  describe('the order of sources', () => {
    const environment = { PORT: '2' }
    const flags = [given('port', '3', 'flag --port'), given('port', '4')]

    it('is default, file, environment, flags; among flags the last one wins', async () => {
      const file = fileOf('{ port: 1 }')
      assert.deepEqual(await effective({}, 'port'), [8080, 'default'])
      assert.deepEqual(await effective(file, 'port'), [1, 'file config/portico.json5'])
      assert.deepEqual(await effective({ ...file, environment }, 'port'), [2, 'environment PORT'])
      assert.deepEqual(await effective({ ...file, environment, given: flags }, 'port'), [4, 'flag --set'])
    })

    it('applies to each key separately', async () => {
      const file = fileOf('{ drain: { noticeMs: 5, timeoutMs: 6000 } }')
      const request = { ...file, environment: { PORTICO_DRAIN_TIMEOUT_MS: '7000' } }
      assert.equal((await effective(request, 'drain.noticeMs'))[0], 5)
      assert.equal((await effective(request, 'drain.timeoutMs'))[0], 7000)
    })

    it('does not hide a wrong value that a stronger source overrides', async () => {
      const [problem] = await problems({ environment: { PORT: 'x' }, given: flags })
      assert.equal(problem?.origin, 'environment PORT')
    })

    it('lets a setting add to a list, without duplicates', async () => {
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
      const request = fileOf('port: 9000 # a comment\nlimits:\n  bodyBytes: 1m\n', 'config/portico.yaml')
      assert.deepEqual(await effective(request, 'port'), [9000, 'file config/portico.yaml'])
      assert.deepEqual(await effective(request, 'limits.bodyBytes'), [1_048_576, 'file config/portico.yaml'])
    })

    it('may be empty', async () => {
      for (const name of ['config/empty.json', 'config/empty.yml']) assert.isEmpty(await problems(fileOf(' \n', name)))
      assert.isEmpty(await problems(fileOf('# only a comment\n', 'config/comment.yml')))
    })

    it('may use dotted keys', async () => {
      assert.equal((await effective(fileOf('{ "drain.noticeMs": 9 }'), 'drain.noticeMs'))[0], 9)
    })

    const unusable: [name: string, content: string | null, found: RegExp, rule: string][] = [
      ['missing.yaml', null, /^no such file$/, 'a missing file'],
      ['portico.toml', 'port = 1', /^the extension \.toml$/, 'an unknown extension'],
      [
        'bad.json5',
        '{ port: 1,\n  host: }',
        /invalid character '}' in line 2, column 9/,
        'malformed JSON5, with its line',
      ],
      ['bad.yaml', 'port: 1\nhost: [\n', /in line 3, column 1/, 'malformed YAML, with its line'],
      ['twice.yaml', 'port: 1\nport: 2\n', /unique in line 2, column 1/, 'a duplicate YAML key'],
      ['two.yaml', 'port: 1\n---\nport: 2\n', /multiple documents.* in line 2/, 'two YAML documents'],
      ['tag.yaml', 'port: !secret x\n', /tag.* in line 1, column 7/, 'an unknown YAML tag'],
      ['loop.yaml', 'plugins: &a\n  settings: *a\n', /circular/, 'a YAML alias inside its own anchor'],
      ['list.yaml', '- port\n', /^a list$/, 'a list'],
      ['word.json', '"port"', /^a single value$/, 'a single value'],
    ]
    for (const [name, content, found, rule] of unusable) {
      it(`are refused: ${rule}`, async () => {
        if (content !== null) writeFileSync(join(folder(), name), content)
        const [problem, ...more] = await problems({ configFile: name })
        assert.deepInclude(problem, { key: name, origin: 'flag --config' })
        assert.match(problem!.found, found)
        assert.isEmpty(more)
      })
    }

    it('are refused: a folder instead of a file', async () => {
      mkdirSync(join(folder(), 'dir.yaml'))
      const [problem] = await problems({ configFile: 'dir.yaml' })
      assert.match(problem!.found, /EISDIR/)
    })

    it('cannot change the prototype of objects', async () => {
      const json = fileOf('{ "__proto__": { port: 1 }, limits: { "__proto__": { fields: 1 } }, constructor: 1 }')
      const yaml = fileOf('__proto__: { port: 1 }\nlimits: { __proto__: { fields: 1 } }\nconstructor: 1\n', 'p.yaml')
      for (const request of [json, yaml]) {
        const found = (await problems(request)).map(({ key }) => key)
        assert.deepEqual(found, ['__proto__', 'limits.__proto__', 'constructor'])
      }
      assert.isUndefined(({} as { port?: number }).port)
    })
  })
})
