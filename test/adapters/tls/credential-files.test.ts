// Longer than other files because of its table of unusable files, one case each.
import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { CredentialFiles } from '../../../src/adapters/tls/credential-files.js'
import type { Credential, CredentialProblem } from '../../../src/ports/operations/credentials.js'
import type { TlsSettings } from '../../../src/ports/operations/settings.js'
import type { CertificatePaths } from '../../end-to-end/support/certificate.js'
import { makeCertificate } from '../../end-to-end/support/certificates.js'
import { TemporaryFolder } from '../../end-to-end/support/folder.js'
import { describeWithOpenssl } from '../../end-to-end/support/openssl.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { eventually } from '../../support/waiting.js'

const PASSPHRASE = 'open sesame'
const WATCH_MS = 20

describeWithOpenssl('CredentialFiles', function () {
  const files = new CredentialFiles()
  let folder: TemporaryFolder
  let one: CertificatePaths
  let rsa: CertificatePaths
  let signed: CertificatePaths
  let authority: CertificatePaths
  let encrypted: string

  before(() => {
    folder = new TemporaryFolder()
    one = makeCertificate(folder, 'one', { names: ['one.test', '*.one.test'] })
    rsa = makeCertificate(folder, 'rsa', { names: ['one.test'], key: 'rsa' })
    authority = makeCertificate(folder, 'authority', { names: ['Authority'], isAuthority: true })
    signed = makeCertificate(folder, 'signed', { names: ['signed.test'], by: authority })
    encrypted = `${folder.path}/encrypted.key`
    openssl('pkcs8', '-topk8', '-in', one.keyFile, '-out', encrypted, '-passout', `pass:${PASSPHRASE}`)
  })
  after(() => folder.remove())

  const settings = (special: Partial<TlsSettings> = {}): TlsSettings => ({
    ...DEFAULT_SETTINGS.tls,
    enabled: true,
    ...one,
    ...special,
  })

  async function loaded(special?: Partial<TlsSettings>) {
    const found = await files.load(settings(special))
    if ('problems' in found) throw new Error(`Cannot prepare the test: ${JSON.stringify(found.problems)}`)
    return found.credentials
  }

  async function problems(special: Partial<TlsSettings>): Promise<readonly CredentialProblem[]> {
    const found = await files.load(settings(special))
    return 'problems' in found ? found.problems : []
  }

  const text = (file: string): string => readFileSync(file, 'utf8')

  describe('load()', () => {
    it('returns a certificate with its key, its names and its validity', async () => {
      const { certificates, clientAuthorities } = await loaded()
      const [{ chain, key, beginsMs, expiresMs, ...rest }] = certificates
      const names = ['one.test', '*.one.test']
      assert.deepEqual(rest, { label: 'one.test ec', file: one.certFile, keyType: 'ec', names })
      assert.match(chain, /^-----BEGIN CERTIFICATE-----/)
      assert.match(key, /^-----BEGIN PRIVATE KEY-----/)
      assert.isBelow(beginsMs, Date.now() + 1000)
      assert.approximately(expiresMs - beginsMs, 30 * 86_400_000, 1000)
      assert.isNull(clientAuthorities)
    })

    it('returns further certificates after the first, with the types of their keys', async () => {
      const { certificates } = await loaded({ certificates: [{ ...rsa, passphraseFile: null }] })
      assert.deepEqual(
        certificates.map(({ label }: Credential) => label),
        ['one.test ec', 'one.test rsa'],
      )
    })

    it('returns the whole chain, without the text between its certificates', async () => {
      const chained = folder.write('chained.pem', `bag\n${text(signed.certFile)}\nwords\n${text(authority.certFile)}`)
      const { certificates } = await loaded({ certFile: chained, keyFile: signed.keyFile })
      assert.equal(certificates[0].chain, text(signed.certFile) + text(authority.certFile))
    })

    it('uses the name of the subject only when a certificate has no alternative names', async () => {
      const [certFile, keyFile] = [`${folder.path}/nameless.pem`, `${folder.path}/nameless.key`]
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
      openssl('req', '-x509', ...key, '-out', certFile, '-subj', '/CN=subject.test')
      assert.deepEqual((await loaded({ certFile, keyFile })).certificates[0].names, ['subject.test'])
      openssl('req', '-x509', ...key, '-out', certFile, '-subj', '/CN=subject.test', '-addext', 'subjectAltName=IP:::1')
      const [{ names, label }] = (await loaded({ certFile, keyFile })).certificates
      assert.deepEqual([names, label], [[], 'CN=subject.test ec'])
    })

    it('decrypts a key with the passphrase of the settings', async () => {
      const { certificates } = await loaded({ keyFile: encrypted, passphrase: PASSPHRASE })
      assert.match(certificates[0].key, /^-----BEGIN PRIVATE KEY-----/)
    })

    for (const end of ['', '\n', '\r\n', '\nmore\n']) {
      it(`decrypts a key with the first line of a file, followed by ${JSON.stringify(end)}`, async () => {
        const passphraseFile = folder.write('passphrase', PASSPHRASE + end)
        assert.lengthOf((await loaded({ keyFile: encrypted, passphraseFile })).certificates, 1)
      })
    }

    it('decrypts a further key with its own passphrase, or else with that of the first', async () => {
      const passphraseFile = folder.write('passphrase', PASSPHRASE)
      const further = { certFile: one.certFile, keyFile: encrypted }
      for (const special of [
        { certificates: [{ ...further, passphraseFile }] },
        { passphraseFile, certificates: [{ ...further, passphraseFile: null }] },
      ])
        assert.lengthOf((await loaded(special)).certificates, 2)
    })

    it('returns the authorities for client certificates only when these are requested', async () => {
      const given = { clientCaFile: authority.certFile }
      assert.equal((await loaded({ ...given, clientAuth: 'request' })).clientAuthorities, text(authority.certFile))
      assert.isNull((await loaded(given)).clientAuthorities)
    })

    it('accepts an expired certificate: checking its validity is not its task', async () => {
      const validity = ['20200101000000Z', '20200201000000Z'] as const
      const expired = makeCertificate(folder, 'expired', { names: ['expired.test'], validity })
      assert.equal((await loaded(expired)).certificates[0].expiresMs, Date.UTC(2020, 1, 1))
    })
  })

  describe('load() reports', () => {
    const write = (name: string, content: string): string => folder.write(name, content)
    const missing = '/nowhere/file.pem'
    const damaged = (): string => text(one.certFile).replace(/M/g, 'N')
    const cases: [what: string, special: () => Partial<TlsSettings>, key: string, found: RegExp, wanted: RegExp][] = [
      [
        'a certificate file that does not exist',
        () => ({ certFile: missing }),
        'tls.certFile',
        /^"\/nowhere\/file\.pem", which cannot be read \(ENOENT\)$/,
        /^a certificate in PEM/,
      ],
      [
        'a key file that does not exist',
        () => ({ keyFile: missing }),
        'tls.keyFile',
        /which cannot be read \(ENOENT\)$/,
        /^the private key of ".*one\.pem" in PEM$/,
      ],
      [
        'a folder instead of a certificate',
        () => ({ certFile: folder.path }),
        'tls.certFile',
        /\(EISDIR\)$/,
        /certificate/,
      ],
      [
        'a certificate file without a certificate',
        () => ({ certFile: write('none.pem', 'hello') }),
        'tls.certFile',
        /which holds no certificate$/,
        /certificate/,
      ],
      [
        'a certificate that is written only in part',
        () => ({ certFile: write('half.pem', text(one.certFile).slice(0, 200)) }),
        'tls.certFile',
        /which holds no certificate$/,
        /certificate/,
      ],
      [
        'a damaged certificate',
        () => ({ certFile: write('damaged.pem', damaged()) }),
        'tls.certFile',
        /whose certificate is damaged$/,
        /certificate/,
      ],
      [
        'a damaged certificate in a chain',
        () => ({ certFile: write('chain.pem', text(one.certFile) + damaged()) }),
        'tls.certFile',
        /whose certificate 2 of 2 is damaged$/,
        /certificate/,
      ],
      [
        'a chain in the wrong order',
        () => ({
          certFile: write('order.pem', text(authority.certFile) + text(signed.certFile)),
          keyFile: signed.keyFile,
        }),
        'tls.certFile',
        /where the key's certificate is not the first$/,
        /^the certificate of the key first, then its intermediate certificates$/,
      ],
      [
        'a key file without a key',
        () => ({ keyFile: write('none.key', 'hello') }),
        'tls.keyFile',
        /which holds no private key that can be read$/,
        /private key/,
      ],
      [
        'a certificate instead of a key',
        () => ({ keyFile: one.certFile }),
        'tls.keyFile',
        /which holds no private key that can be read$/,
        /private key/,
      ],
      [
        'a key of another certificate',
        () => ({ keyFile: rsa.keyFile }),
        'tls.keyFile',
        /which belongs to another certificate$/,
        /^the private key of ".*one\.pem" in PEM$/,
      ],
      [
        'an encrypted key without a passphrase',
        () => ({ keyFile: encrypted }),
        'tls.keyFile',
        /which is encrypted$/,
        /PORTICO_TLS_PASSPHRASE, tls\.passphraseFile/,
      ],
      [
        'an encrypted key with a wrong passphrase',
        () => ({ keyFile: encrypted, passphrase: 'sesame' }),
        'tls.keyFile',
        /which the passphrase does not open$/,
        /PORTICO_TLS_PASSPHRASE, tls\.passphraseFile/,
      ],
      [
        'a passphrase file that does not exist',
        () => ({ passphraseFile: missing }),
        'tls.passphraseFile',
        /cannot be read \(ENOENT\)$/,
        /first line/,
      ],
      [
        'a further certificate file that does not exist',
        () => ({ certificates: [{ ...rsa, certFile: missing, passphraseFile: null }] }),
        'tls.certificates',
        /\(ENOENT\)$/,
        /certificate/,
      ],
      [
        'a file of client authorities that does not exist',
        () => ({ clientAuth: 'require', clientCaFile: missing }),
        'tls.clientCaFile',
        /\(ENOENT\)$/,
        /^certificates in PEM of the authorities that sign client certificates$/,
      ],
      [
        'a file of client authorities without a certificate',
        () => ({ clientAuth: 'request', clientCaFile: write('empty', '') }),
        'tls.clientCaFile',
        /which holds no certificate$/,
        /certificate/,
      ],
    ]
    for (const [what, special, key, found, wanted] of cases) {
      it(what, async () => {
        const all = await problems(special())
        assert.lengthOf(all, 1)
        assert.equal(all[0]!.key, key)
        assert.match(all[0]!.found, found)
        assert.match(all[0]!.wanted, wanted)
      })
    }

    it('a key that is too short for OpenSSL', async () => {
      const [certFile, keyFile] = [`${folder.path}/weak.pem`, `${folder.path}/weak.key`]
      openssl('req', '-x509', '-newkey', 'rsa:512', '-nodes', '-keyout', keyFile, '-out', certFile, '-subj', '/CN=weak')
      const [problem] = await problems({ certFile, keyFile })
      assert.equal(problem!.key, 'tls.certFile')
      assert.match(problem!.found, /weak\.pem", which cannot be served: .*key too small/)
    })

    it('every unusable file at once, in the order of the settings', async () => {
      const further = { certFile: missing, keyFile: missing, passphraseFile: null }
      const special = { ...further, certificates: [further], clientAuth: 'require', clientCaFile: missing } as const
      assert.deepEqual(
        (await problems({ ...special, passphraseFile: missing })).map(({ key }) => key),
        ['tls.certFile', 'tls.keyFile', 'tls.passphraseFile', 'tls.certificates', 'tls.clientCaFile'],
      )
    })

    it('a passphrase file that several keys share only once', async () => {
      const certificates = [{ ...rsa, passphraseFile: null }]
      assert.lengthOf(await problems({ passphraseFile: missing, certificates }), 1)
    })
  })

  describe('watch()', () => {
    const replace = (file: string, content: string): void => {
      writeFileSync(`${file}.new`, content)
      renameSync(`${file}.new`, file)
    }
    const changes: [how: string, file: () => string, change: (file: string) => void][] = [
      ['overwritten', () => folder.write('a.pem', '1'), (file) => writeFileSync(file, 'longer')],
      ['replaced', () => folder.write('b.pem', '1'), (file) => replace(file, '2')],
      [
        'a link that then points to another file, as in Kubernetes',
        () => {
          symlinkSync(folder.write('first', '1'), `${folder.path}/link`)
          return `${folder.path}/link`
        },
        (file) => {
          symlinkSync(folder.write('second', '2'), `${file}.new`)
          renameSync(`${file}.new`, file)
        },
      ],
      ['deleted', () => folder.write('c.pem', '1'), () => folder.delete('c.pem')],
    ]
    for (const key of ['certFile', 'keyFile', 'passphraseFile', 'clientCaFile'] as const) {
      it(`watches ${key}`, async () => {
        const file = folder.write(`${key}.pem`, '1')
        await callsBack(settings({ [key]: file }), () => writeFileSync(file, '22'))
      })
    }
    for (const [how, file, change] of changes) {
      it(`calls back when a file is ${how}`, async () => {
        const certFile = file()
        await callsBack(settings({ certFile }), () => change(certFile))
      })
    }

    async function callsBack(tls: TlsSettings, change: () => void): Promise<void> {
      let calls = 0
      const watching = files.watch({ ...tls, watchIntervalMs: WATCH_MS }, () => calls++)
      // Watching compares with the state of its first check, which must come before the change.
      await new Promise((resolve) => setTimeout(resolve, 2 * WATCH_MS))
      assert.equal(calls, 0)
      change()
      await eventually('the call', () => calls > 0)
      watching.stop()
      assert.equal(calls, 1)
    }

    it('watches nothing when the interval is 0', async () => {
      const certFile = folder.write('unwatched.pem', '1')
      let calls = 0
      const watching = files.watch(settings({ certFile, watchIntervalMs: 0 }), () => calls++)
      writeFileSync(certFile, '22')
      await new Promise((resolve) => setTimeout(resolve, 3 * WATCH_MS))
      watching.stop()
      assert.equal(calls, 0)
    })
  })
})

function openssl(...parameters: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', parameters, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot prepare the test: openssl ${parameters.join(' ')}: ${stderr}`)
}
