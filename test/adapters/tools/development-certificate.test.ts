import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { writeNewFiles } from '../../../src/adapters/tools/new-files.js'
import { makeDevelopmentCertificate } from '../../../src/adapters/tools/development-certificate.js'
import type { CertificateName, DevelopmentCertificate } from '../../../src/ports/tools/development-certificate.js'
import { Folder, unprivileged } from '../files/folder.js'

const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2031-02-03T04:05:06.789Z')

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

const dns = (text: string): CertificateName => ({ form: 'dns', text })
const ip = (text: string): CertificateName => ({ form: 'ip', text })

describe('makeDevelopmentCertificate()', () => {
  let folder: Folder
  beforeEach(() => (folder = new Folder()))
  afterEach(() => folder.remove())

  const make = (directory = folder.at('certs'), names = [dns('localhost')]): Promise<DevelopmentCertificate> =>
    makeDevelopmentCertificate({ directory, names }, NOW_MS, writeNewFiles)

  async function certificateFor(...names: CertificateName[]): Promise<X509Certificate> {
    const { certFile } = await make(folder.at(`certs-${randomBytes(4).toString('hex')}`), names)
    return new X509Certificate(readFileSync(certFile))
  }

  async function refusal(directory = folder.at('certs')): Promise<string> {
    const error: unknown = await make(directory).catch((thrown: unknown) => thrown)
    assert.instanceOf(error, Error)
    return error.message.replaceAll(folder.path, '…')
  }

  describe('makes a certificate', () => {
    it('that is signed by its own key', async () => {
      const { certFile, keyFile } = await make()
      const certificate = new X509Certificate(readFileSync(certFile))
      assert.isTrue(certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))))
      assert.isTrue(certificate.verify(certificate.publicKey))
    })

    it('with a new key on the curve P-256, in PEM as PKCS #8', async () => {
      const [one, other] = [await make(folder.at('one')), await make(folder.at('other'))]
      const text = readFileSync(one.keyFile, 'utf8')
      assert.match(text, /^-----BEGIN PRIVATE KEY-----\n[^]+\n-----END PRIVATE KEY-----\n$/)
      assert.deepEqual(createPrivateKey(text).asymmetricKeyDetails, { namedCurve: 'prime256v1' })
      assert.notEqual(text, readFileSync(other.keyFile, 'utf8'))
    })

    it('in PEM, as the only content of its file', async () => {
      const text = readFileSync((await make()).certFile, 'utf8')
      assert.match(text, /^-----BEGIN CERTIFICATE-----\n[\w+/=\n]+\n-----END CERTIFICATE-----\n$/)
    })

    it('only for servers, and not for signing others', async () => {
      const certificate = await certificateFor(dns('localhost'))
      assert.deepEqual(certificate.keyUsage, [SERVER_AUTH])
      assert.isFalse(certificate.ca)
    })

    it('for names and addresses, each in the right form', async () => {
      const names = [
        dns('app.test'),
        dns('*.app.test'),
        ip('127.0.0.1'),
        ip('::1'),
        ip('2001:db8::7'),
        ip('::ffff:c0a8:105'),
      ]
      const certificate = await certificateFor(...names)
      assert.deepEqual(certificate.subjectAltName?.split(', '), [
        'DNS:app.test',
        'DNS:*.app.test',
        'IP Address:127.0.0.1',
        'IP Address:0:0:0:0:0:0:0:1',
        'IP Address:2001:DB8:0:0:0:0:0:7',
        'IP Address:0:0:0:0:0:FFFF:C0A8:105',
      ])
      assert.equal(certificate.checkHost('www.app.test'), '*.app.test')
      assert.equal(certificate.checkIP('2001:db8::7'), '2001:db8::7')
      assert.isUndefined(certificate.checkHost('localhost'))
    })

    for (const first of [
      dns('app.test'),
      dns('*.app.test'),
      dns('a'),
      ip('::1'),
      ip('10.0.0.1'),
      dns('x'.repeat(63)),
    ]) {
      it(`with the first name as common name: ${first.text}`, async () => {
        assert.equal((await certificateFor(first, dns('localhost'))).subject, `CN=${first.text}`)
      })
    }

    it('with the first name that is short enough as common name', async () => {
      const certificate = await certificateFor(dns(`${'x'.repeat(60)}.test`), dns('localhost'))
      assert.equal(certificate.subject, 'CN=localhost')
    })

    it('valid from an hour ago, for slow clocks, and for a year', async () => {
      const { certFile, expires } = await make()
      const { validFrom, validTo } = new X509Certificate(readFileSync(certFile))
      assert.equal(Date.parse(validFrom), Date.parse('2031-02-03T03:05:06Z'))
      assert.equal(Date.parse(validTo), expires.getTime())
      assert.equal(expires.toISOString(), '2032-02-03T04:05:06.000Z')
      assert.isAtMost(Date.parse(validTo) - Date.parse(validFrom), 397 * DAY_MS)
    })

    it('with a random serial number', async () => {
      const [one, other] = [await certificateFor(dns('a.test')), await certificateFor(dns('a.test'))]
      assert.isAtLeast(one.serialNumber.length, 14)
      assert.notEqual(one.serialNumber, other.serialNumber)
    })
  })

  describe('writes files', () => {
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

    it('with paths that begin with the given folder', async () => {
      const { certFile, keyFile } = await make()
      assert.deepEqual([certFile, keyFile], [folder.at('certs/cert.pem'), folder.at('certs/key.pem')])
      assert.deepEqual(readdirSync(folder.at('certs')).sort(), ['cert.pem', 'key.pem'])
    })

    for (const umask of [0o000, 0o022, 0o077]) {
      it(`with a key that only its owner can read, with the umask ${umask.toString(8)}`, async function () {
        if (process.platform === 'win32') this.skip()
        const before = process.umask(umask)
        try {
          const { certFile, keyFile } = await make(folder.at('one/two'))
          assert.deepEqual([certFile, keyFile].map(modeOf), ['644', '600'])
          assert.deepEqual([folder.at('one'), folder.at('one/two')].map(modeOf), ['700', '700'])
        } finally {
          process.umask(before)
        }
      })
    }

    it('into an existing folder, without changing it or its content', async () => {
      folder.write('certs/other.pem', 'other')
      chmodSync(folder.at('certs'), 0o755)
      await make()
      assert.equal(modeOf(folder.at('certs')), '755')
      assert.equal(readFileSync(folder.at('certs/other.pem'), 'utf8'), 'other')
    })
  })

  describe('writes nothing', () => {
    for (const [there, missing] of [
      ['cert.pem', 'key.pem'],
      ['key.pem', 'cert.pem'],
    ] as const) {
      it(`where ${there} exists`, async () => {
        folder.write(`certs/${there}`, 'precious')
        assert.equal(
          await refusal(),
          `Cannot write "…/certs/${there}": found a file with that name; existing files are never overwritten`,
        )
        assert.equal(readFileSync(folder.at(`certs/${there}`), 'utf8'), 'precious')
        assert.isFalse(existsSync(folder.at(`certs/${missing}`)))
      })
    }

    it('through a link, not even a broken one', async () => {
      mkdirSync(folder.at('certs'))
      symlinkSync(folder.at('elsewhere.pem'), folder.at('certs/key.pem'))
      assert.match(await refusal(), /^Cannot write "…\/certs\/key\.pem": found a file/)
      assert.deepEqual(readdirSync(folder.at('certs')), ['key.pem'])
      assert.isFalse(existsSync(folder.at('elsewhere.pem')))
    })

    it('into a folder without write permission', async function () {
      if (process.platform === 'win32') this.skip()
      mkdirSync(folder.at('certs'), { mode: 0o555 })
      assert.equal(
        await unprivileged(() => refusal()),
        'Cannot write "…/certs/cert.pem": found no permission, wanted a writable folder',
      )
    })

    for (const directory of ['file', 'file/certs']) {
      it(`where ${directory} cannot be a folder`, async () => {
        folder.write('file', 'precious')
        assert.equal(
          await refusal(folder.at(directory)),
          `Cannot make the folder "…/${directory}": found a file in its path, wanted a folder or nothing`,
        )
      })
    }

    it('twice: of two concurrent calls only one makes the pair, completely', async () => {
      const outcomes = await Promise.allSettled([make(), make(), make()])
      const made = outcomes.filter(({ status }) => status === 'fulfilled')
      assert.lengthOf(made, 1)
      const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(folder.at('certs'), name)))
      assert.isTrue(new X509Certificate(cert!).checkPrivateKey(createPrivateKey(key!)))
    })
  })
})
