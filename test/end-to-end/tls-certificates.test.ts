import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { valueOf } from '../wire/response-parser.js'
import type { CertificatePaths } from './support/certificate.js'
import { makeCertificate } from './support/certificates.js'
import { curl, describeWithCurl } from './support/curl.js'
import { HttpsServers, LAST_REQUEST, tlsFlags, type HttpsServer } from './support/https-server.js'
import { describeWithOpenssl, openssl, sClient } from './support/openssl.js'
import { Program } from './support/program.js'

describeWithOpenssl('HTTPS', () => {
  const servers = new HttpsServers()
  const { folder } = servers

  after(() => servers.remove())

  describe('certificates by name', () => {
    let https: HttpsServer
    before(async () => {
      const usual = makeCertificate(folder, 'usual', { names: ['usual.test'] })
      const others = [
        makeCertificate(folder, 'shop', { names: ['shop.test', 'www.shop.test'] }),
        makeCertificate(folder, 'shop-rsa', { names: ['shop.test', 'www.shop.test'], key: 'rsa' }),
        makeCertificate(folder, 'wild', { names: ['*.wild.test'] }),
        makeCertificate(folder, 'exact', { names: ['exact.wild.test'] }),
      ]
      https = await servers.with(usual, ...tlsFlags({ certificates: JSON.stringify(others) }))
    })

    const names: [serverName: string, subject: string][] = [
      ['usual.test', 'usual.test'],
      ['shop.test', 'shop.test'],
      ['WWW.Shop.TEST', 'shop.test'],
      ['a.wild.test', '*.wild.test'],
      ['exact.wild.test', 'exact.wild.test'],
      ['a.b.wild.test', 'usual.test'],
      ['wild.test', 'usual.test'],
      ['nobody.test', 'usual.test'],
    ]
    for (const [serverName, subject] of names) {
      it(`shows ${subject} to a client that asks for ${serverName}`, async () => {
        assert.include(
          await sClient(https.port, LAST_REQUEST, '-servername', serverName),
          `subject=O = Tests, CN = ${subject}\n`,
        )
      })
    }

    it('shows the first to a client that sends no name', async () => {
      assert.include(await sClient(https.port, LAST_REQUEST, '-noservername'), 'CN = usual.test\n')
    })

    it('shows the one with a key that the client supports', async () => {
      const flags = ['-servername', 'shop.test', '-tls1_2', '-cipher']
      for (const kind of ['RSA', 'ECDSA']) {
        const printed = await sClient(https.port, LAST_REQUEST, ...flags, `ECDHE-${kind}-AES128-GCM-SHA256`)
        assert.include(printed, 'CN = shop.test\n')
        assert.include(printed, `Peer signature type: ${kind === 'RSA' ? 'RSA-PSS' : 'ECDSA'}`)
      }
      // The first certificate has no RSA key, and one for another name must not replace it.
      const rsaOnly = ['-servername', 'usual.test', '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256']
      assert.include(await sClient(https.port, LAST_REQUEST, ...rsaOnly), 'alert handshake failure')
    })

    it('writes the name to the access log in lower case', async () => {
      await sClient(https.port, LAST_REQUEST, '-servername', 'WWW.Shop.TEST', '-tls1_3')
      const { tls } = await https.server.logLine((line) => {
        const { serverName, protocol } = (line['tls'] ?? {}) as Record<string, unknown>
        return serverName === 'www.shop.test' && protocol === 'TLSv1.3'
      })
      const { suite, ...others } = tls as Record<string, unknown>
      assert.equal(suite, 'TLS_AES_128_GCM_SHA256')
      assert.deepEqual(others, { protocol: 'TLSv1.3', serverName: 'www.shop.test', resumed: false, client: null })
    })
  })

  describe('encrypted keys', () => {
    let pair: CertificatePaths
    before(async () => {
      const { certFile, keyFile } = makeCertificate(folder, 'closed', { names: ['closed.test'] })
      pair = { certFile, keyFile: `${folder.path}/closed.enc` }
      await openssl('pkcs8', '-topk8', '-in', keyFile, '-out', pair.keyFile, '-passout', 'pass:open sesame')
    })

    it('are decrypted with a passphrase from a file', async () => {
      const passphraseFile = folder.write('passphrase', 'open sesame\r\nnot this\n')
      const https = await servers.with(pair, ...tlsFlags({ passphraseFile }))
      assert.include(await sClient(https.port, LAST_REQUEST), 'CN = closed.test')
    })

    it('are decrypted with a passphrase from the environment, which is never shown', async () => {
      const files = ['--cert-file', pair.certFile, '--key-file', pair.keyFile]
      const environment = { PORTICO_TLS_PASSPHRASE: 'open sesame' }
      const { code, stdout } = await Program.run(['check', '--enable-tls', ...files], { environment })
      assert.equal(code, 0)
      assert.match(stdout, /tls\.passphrase +\(secret\) +environment PORTICO_TLS_PASSPHRASE/)
      assert.notInclude(stdout, 'sesame')
    })
  })

  describeWithCurl('client certificates', () => {
    let authority: CertificatePaths
    let alice: CertificatePaths
    let expired: CertificatePaths
    let stranger: CertificatePaths
    before(() => {
      authority = makeCertificate(folder, 'authority', { names: ['authority'], isAuthority: true })
      const by = authority
      alice = makeCertificate(folder, 'alice', { names: ['alice'], by })
      const validity = ['20200101000000Z', '20200201000000Z'] as const
      expired = makeCertificate(folder, 'late', { names: ['late'], by, validity })
      stranger = makeCertificate(folder, 'stranger', { names: ['stranger'] })
    })
    const start = (clientAuth: string, engine = 'selectors'): Promise<HttpsServer> =>
      servers.usual(...tlsFlags({ clientAuth, clientCaFile: authority.certFile }), '--engine', engine)
    const by = ({ certFile, keyFile }: CertificatePaths): string[] => ['--cert', certFile, '--key', keyFile]
    const who = ({ origin }: HttpsServer, flags: readonly string[]) => curl([...flags, `${origin}/who`])

    for (const engine of ['selectors', 'threadpool']) {
      it(`reach handlers on ${engine} and the access log`, async () => {
        const https = await start('require', engine)
        const { response } = await who(https, by(alice))
        const { client } = JSON.parse(response.content) as { client: Record<string, string> }
        assert.equal(client['subject'], 'CN=alice,O=Tests')
        assert.equal(client['issuer'], 'CN=authority,O=Tests')
        assert.match(client['fingerprint']!, /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
        const { tls } = await https.server.accessLine(valueOf(response, 'x-request-id')!)
        assert.propertyVal(tls, 'client', 'CN=alice,O=Tests')
      })
    }

    for (const mode of ['request', 'require']) {
      it(`that have expired or that another authority signed get 400 with "${mode}"`, async () => {
        const https = await start(mode)
        // The metrics need a good certificate themselves.
        const good = mode === 'require' ? by(alice) : []
        const refused = async (): Promise<number> => (await https.metrics(...good)).handshakes['client-refused']!
        const before = await refused()
        for (const bad of [expired, stranger]) {
          const { response } = await who(https, by(bad))
          assert.equal(response.status, 400)
          assert.include(response.content, 'The client certificate is not accepted here.')
        }
        assert.equal(await refused(), before + 2)
      })
    }

    it('are optional with "request"', async () => {
      const { response } = await who(await start('request'), [])
      assert.deepInclude(JSON.parse(response.content), { client: null, clientProblem: null })
    })

    it('are mandatory with "require": without one the handshake fails', async () => {
      const https = await start('require')
      assert.match(await sClient(https.port, LAST_REQUEST, '-tls1_3'), /alert certificate required/)
      assert.match(await sClient(https.port, LAST_REQUEST, '-tls1_2'), /alert handshake failure/)
    })
  })
})
