import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { describeWithCurl } from './support/curl.js'
import { TemporaryFolder } from './support/folder.js'
import { describeWithOpenssl, openssl, serveWithOpenssl, type OpensslServer } from './support/openssl.js'
import { Program } from './support/program.js'

const HOSTS = ['app.test', '*.app.test', '192.168.1.5', '2001:db8::7'].flatMap((name) => ['--host', name])

describe('portico cert, run as a program', () => {
  let folder: TemporaryFolder
  let made: Awaited<ReturnType<typeof Program.run>>
  before(async () => {
    folder = new TemporaryFolder({ 'there/key.pem': 'precious' })
    made = await run(...HOSTS)
  })
  after(() => folder.remove())

  const run = (...flags: string[]): ReturnType<typeof Program.run> =>
    Program.run(['cert', ...flags], { workingDirectory: folder.path })

  it('writes a certificate and its key to certs/, and prints how to use them', () => {
    const { code, stdout, stderr } = made
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.match(
      stdout,
      /^Wrote certs\/cert\.pem and certs\/key\.pem\n {2}for {6}app\.test, .*, localhost, 127\.0\.0\.1, ::1\n/,
    )
    assert.include(stdout, '\n  portico --enable-tls --cert-file certs/cert.pem --key-file certs/key.pem\n')
    assert.include(stdout, '\n  curl --cacert certs/cert.pem https://localhost:8443/\n')
  })

  it('overwrites no file, and ends with 1', async () => {
    const before = readFileSync(join(folder.path, 'certs/cert.pem'), 'utf8')
    const { code, stdout, stderr } = await run()
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /^portico: Cannot write "certs\/cert\.pem": found a file with that name; .*\n$/)
    assert.equal(readFileSync(join(folder.path, 'certs/cert.pem'), 'utf8'), before)
    assert.include((await run('--dir', 'there')).stderr, '"there/key.pem"')
  })

  it('refuses a malformed name, and ends with 2', async () => {
    const { code, stdout, stderr } = await run('--host', 'https://app.test', '--dir', 'other')
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, /^portico: Cannot read the command line: .*'https:\/\/app\.test' is invalid/)
  })

  describeWithOpenssl('openssl', () => {
    let certFile: string
    let keyFile: string
    before(() => {
      certFile = join(folder.path, 'certs/cert.pem')
      keyFile = join(folder.path, 'certs/key.pem')
    })

    it('reads all parts of the certificate', async () => {
      const text = await openssl('x509', '-in', certFile, '-noout', '-text')
      for (const line of [
        'Version: 3',
        'Signature Algorithm: ecdsa-with-SHA256',
        'Issuer: CN = app.test',
        'Subject: CN = app.test',
        'CA:FALSE',
        'Digital Signature',
        'TLS Web Server Authentication',
        'DNS:app.test, DNS:*.app.test, IP Address:192.168.1.5, IP Address:2001:DB8:0:0:0:0:0:7, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
      ]) {
        // Versions of openssl print different spaces.
        assert.include(text.replaceAll(' = ', '='), line.replaceAll(' = ', '='))
      }
      assert.notInclude(text, 'TLS Web Client Authentication')
    })

    it('verifies the certificate with all strict checks', async () => {
      const printed = await openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', certFile, certFile)
      assert.include(printed, 'OK')
    })

    it('reads the key', async () => {
      assert.include(await openssl('pkey', '-in', keyFile, '-noout', '-text'), 'NIST CURVE: P-256')
    })

    describeWithCurl('and curl, which trusts the certificate,', () => {
      let server: OpensslServer
      before(async () => (server = await serveWithOpenssl(certFile, keyFile)))
      after(() => server.stop())

      /** Requests a URL of any host from the server. */
      const ask = async (host: string): Promise<string> => {
        const flags = ['--silent', '--show-error', '--max-time', '8', '--noproxy', '*', '--cacert', certFile]
        const there = ['--connect-to', `::127.0.0.1:${server.port}`]
        return (await promisify(execFile)('curl', [...flags, ...there, `https://${host}/`])).stdout
      }

      for (const host of [
        'localhost',
        '127.0.0.1',
        '[::1]',
        'app.test',
        'www.app.test',
        '192.168.1.5',
        '[2001:db8::7]',
      ]) {
        it(`connects to ${host}`, async () => assert.include(await ask(host), 'TLS_AES_'))
      }

      for (const host of ['other.test', 'a.b.app.test', '127.0.0.2', '[::2]']) {
        it(`does not connect to ${host}, which the certificate does not name`, async () => {
          const error: unknown = await ask(host).catch((thrown: unknown) => thrown)
          // 60 means that curl cannot authenticate the certificate of the server.
          assert.propertyVal(error, 'code', 60)
        })
      }
    })
  })
})
