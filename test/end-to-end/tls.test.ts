import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { usualCertificate, type CertificatePaths } from './support/certificate.js'
import { makeCertificate } from './support/certificates.js'
import { curl, describeWithCurl } from './support/curl.js'
import { TemporaryFolder } from './support/folder.js'
import { describeWithOpenssl, openssl, sClient } from './support/openssl.js'
import { Program } from './support/program.js'
import { RawClient } from './support/raw-client.js'
import { valueOf } from './support/response-reader.js'
import { startServer, type RunningServer } from './support/server.js'

const ASKED = 'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

const PLUGIN = `
import { bytes, text } from 'portico/plugin'
const big = Buffer.alloc(8 * 1024 * 1024, 'content ')
export default {
  name: 'probe',
  routes: {
    'GET /hello': () => text('hello\\n'),
    'GET /big': () => bytes(big),
    'GET /who': (request) => text(JSON.stringify(request.tls)),
    'POST /echo': async (request) => bytes(await request.bytes()),
  },
}
`

/** A server of HTTPS beside plain HTTP. */
interface Both {
  readonly server: RunningServer
  readonly httpsPort: number
}

describeWithOpenssl('HTTPS', function () {
  const folder = new TemporaryFolder({ 'plugins/probe.mjs': PLUGIN })
  const running: Both[] = []
  after(async () => {
    await Promise.all(running.map(({ server }) => server.stop('SIGKILL')))
    folder.remove()
  })

  async function start({ certFile, keyFile }: CertificatePaths, ...flags: string[]): Promise<Both> {
    const files = ['--cert-file', certFile, '--key-file', keyFile, '--plugins', `${folder.path}/plugins`]
    const server = await startServer({ flags: ['--enable-tls', '--https-port', '0', ...files, ...flags] })
    const port = await server.program.said(
      'stderr',
      (text) => /^portico listening on https:\S+:(\d+)$/m.exec(text)?.[1],
    )
    const both = { server, httpsPort: Number(port) }
    running.push(both)
    return both
  }

  const settings = (values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([key, value]) => ['--set', `tls.${key}=${value}`])

  async function metrics({ httpsPort }: Both): Promise<{ handshakes: Record<string, number>; inFlight: number }> {
    const { response } = await curl([`https://127.0.0.1:${httpsPort}/_metrics`])
    return (JSON.parse(response.content) as { tls: { handshakes: Record<string, number>; inFlight: number } }).tls
  }

  describe('versions, suites and sessions, as openssl sees them', () => {
    let both: Both
    before(
      async () =>
        (both = await start(usualCertificate(), ...settings({ ticketLifetimeMs: '60000' }), '--workers', '2')),
    )
    const ask = (...flags: string[]): Promise<string> => sClient(both.httpsPort, ASKED, ...flags)

    for (const version of ['tls1_2', 'tls1_3']) {
      it(`speaks ${version}`, async () => assert.match(await ask(`-${version}`), /200 OK[^]*hello\n/))

      it(`resumes sessions of ${version}, in whichever worker`, async () => {
        const session = `${folder.path}/${version}.session`
        assert.match(await ask(`-${version}`, '-sess_out', session), /^New, /m)
        for (let time = 0; time < 4; time++) assert.match(await ask(`-${version}`, '-sess_in', session), /^Reused, /m)
      })
    }

    it('resumes sessions of curl', async () => {
      const who = `https://127.0.0.1:${both.httpsPort}/who`
      const { responses } = await curl(['-H', 'Connection: close', who, who])
      const resumed = responses.map(({ content }) => (JSON.parse(content) as { resumed: boolean }).resumed)
      assert.deepEqual(resumed, [false, true])
    })

    it('begins anew with sessions of another server, or of a server before', async () => {
      const other = await start(usualCertificate())
      for (const version of ['-tls1_2', '-tls1_3']) {
        const session = `${folder.path}/other.session`
        await sClient(other.httpsPort, ASKED, version, '-sess_out', session)
        assert.match(await ask(version, '-sess_in', session), /^New, [^]*200 OK/m)
      }
    })

    for (const version of ['tls1', 'tls1_1']) {
      it(`refuses ${version}`, async () => {
        const told = await ask(`-${version}`, '-cipher', 'ALL:@SECLEVEL=0')
        assert.include(told, 'alert protocol version')
      })
    }

    for (const suite of [
      'AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES256-SHA384',
      'DHE-RSA-AES128-GCM-SHA256',
    ]) {
      it(`refuses ${suite}, which is not forward secret or not authenticated`, async () => {
        assert.include(await ask('-tls1_2', '-cipher', `${suite}:@SECLEVEL=0`), 'alert handshake failure')
      })
    }

    it('likes AES of 128 bits best, unless the client has no AES in its hardware', async () => {
      assert.include(await ask('-tls1_2'), 'ECDHE-ECDSA-AES128-GCM-SHA256')
      assert.include(await ask('-tls1_3'), 'TLS_AES_128_GCM_SHA256')
      const chacha = 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256'
      assert.include(await ask('-tls1_2', '-cipher', chacha), 'Cipher is ECDHE-ECDSA-CHACHA20-POLY1305')
    })

    it('refuses to negotiate anew', async () => {
      const told = await sClient(both.httpsPort, `R\nGET / HTTP/1.1\r\n`, '-tls1_2', '-no_ign_eof')
      assert.match(told, /no renegotiation/i)
    })

    it('compresses nothing', async () => assert.include(await ask('-tls1_2', '-comp'), 'Compression: NONE'))

    it('chooses http/1.1 by ALPN, and refuses who does not speak it', async () => {
      assert.include(await ask('-alpn', 'h2,http/1.1'), 'ALPN protocol: http/1.1')
      assert.include(await ask('-alpn', 'h2'), 'alert no application protocol')
    })

    it('tells the end by close_notify', async () => {
      for (const version of ['-tls1_2', '-tls1_3']) assert.match(await ask(version, '-msg'), /<<< [^\n]*close_notify/)
    })

    it('speaks TLS 1.3 alone where the settings say so', async () => {
      const strict = await start(usualCertificate(), ...settings({ minVersion: 'TLSv1.3' }))
      assert.include(await sClient(strict.httpsPort, ASKED, '-tls1_2'), 'alert protocol version')
      assert.include(await sClient(strict.httpsPort, ASKED), '200 OK')
    })
  })

  describe('certificates by name', () => {
    let both: Both
    before(async () => {
      const usual = makeCertificate(folder, 'usual', { names: ['usual.test'] })
      const others = [
        makeCertificate(folder, 'shop', { names: ['shop.test', 'www.shop.test'] }),
        makeCertificate(folder, 'shop-rsa', { names: ['shop.test', 'www.shop.test'], key: 'rsa' }),
        makeCertificate(folder, 'wild', { names: ['*.wild.test'] }),
        makeCertificate(folder, 'exact', { names: ['exact.wild.test'] }),
      ]
      both = await start(usual, ...settings({ certificates: JSON.stringify(others) }))
    })

    const names: [asked: string, subject: string][] = [
      ['usual.test', 'usual.test'],
      ['shop.test', 'shop.test'],
      ['WWW.Shop.TEST', 'shop.test'],
      ['a.wild.test', '*.wild.test'],
      ['exact.wild.test', 'exact.wild.test'],
      ['a.b.wild.test', 'usual.test'],
      ['wild.test', 'usual.test'],
      ['nobody.test', 'usual.test'],
    ]
    for (const [asked, subject] of names) {
      it(`shows ${subject} to who asks for ${asked}`, async () => {
        assert.include(
          await sClient(both.httpsPort, ASKED, '-servername', asked),
          `subject=O = Tests, CN = ${subject}\n`,
        )
      })
    }

    it('shows the first to who asks for none', async () => {
      assert.include(await sClient(both.httpsPort, ASKED, '-noservername'), 'CN = usual.test\n')
    })

    it('shows the one with the key that the client can use', async () => {
      const asked = ['-servername', 'shop.test', '-tls1_2', '-cipher']
      for (const kind of ['RSA', 'ECDSA']) {
        const told = await sClient(both.httpsPort, ASKED, ...asked, `ECDHE-${kind}-AES128-GCM-SHA256`)
        assert.include(told, 'CN = shop.test\n')
        assert.include(told, `Peer signature type: ${kind === 'RSA' ? 'RSA-PSS' : 'ECDSA'}`)
      }
      // The first has no RSA key, and another name's must not stand in for it.
      const alone = ['-servername', 'usual.test', '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256']
      assert.include(await sClient(both.httpsPort, ASKED, ...alone), 'alert handshake failure')
    })

    it('tells the name in the access log, in lower case', async () => {
      await sClient(both.httpsPort, ASKED, '-servername', 'WWW.Shop.TEST', '-tls1_3')
      const { tls } = await both.server.logLine((line) => JSON.stringify(line).includes('www.shop.test'))
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

    it('are opened by a passphrase from a file', async () => {
      const passphraseFile = folder.write('passphrase', 'open sesame\r\nnot this\n')
      const both = await start(pair, ...settings({ passphraseFile }))
      assert.include(await sClient(both.httpsPort, ASKED), 'CN = closed.test')
    })

    it('are opened by a passphrase from the environment, which is shown nowhere', async () => {
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
    let late: CertificatePaths
    let stranger: CertificatePaths
    before(() => {
      authority = makeCertificate(folder, 'authority', { names: ['authority'], isAuthority: true })
      const by = authority
      alice = makeCertificate(folder, 'alice', { names: ['alice'], by })
      late = makeCertificate(folder, 'late', { names: ['late'], by, validity: ['20200101000000Z', '20200201000000Z'] })
      stranger = makeCertificate(folder, 'stranger', { names: ['stranger'] })
    })
    const asked = (clientAuth: string): string[] => settings({ clientAuth, clientCaFile: authority.certFile })
    const by = ({ certFile, keyFile }: CertificatePaths): string[] => ['--cert', certFile, '--key', keyFile]
    const whoBy = ({ httpsPort }: Both, flags: readonly string[]) =>
      curl([...flags, `https://127.0.0.1:${httpsPort}/who`])

    for (const engine of ['selectors', 'threadpool']) {
      it(`are told to handlers on ${engine}, and to the access log`, async () => {
        const both = await start(usualCertificate(), ...asked('require'), '--engine', engine)
        const { response } = await whoBy(both, by(alice))
        const { client } = JSON.parse(response.content) as { client: Record<string, string> }
        assert.equal(client['subject'], 'CN=alice,O=Tests')
        assert.equal(client['issuer'], 'CN=authority,O=Tests')
        assert.match(client['fingerprint']!, /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
        const { tls } = await both.server.accessLine(valueOf(response, 'x-request-id')!)
        assert.propertyVal(tls, 'client', 'CN=alice,O=Tests')
      })
    }

    for (const mode of ['request', 'require']) {
      it(`that are not signed by who they must be, or have expired, get 400 with "${mode}"`, async () => {
        const both = await start(usualCertificate(), ...asked(mode))
        for (const who of [late, stranger]) {
          const { response } = await whoBy(both, by(who))
          assert.equal(response.status, 400)
          assert.include(response.content, 'The client certificate is not accepted here.')
        }
        assert.equal(await clientRefused(both, mode), 2)
      })
    }

    /** What the metrics count, which need a good certificate themselves. */
    async function clientRefused({ httpsPort }: Both, mode: string): Promise<number> {
      const { response } = await curl([
        ...(mode === 'require' ? by(alice) : []),
        `https://127.0.0.1:${httpsPort}/_metrics`,
      ])
      return (JSON.parse(response.content) as { tls: { handshakes: Record<string, number> } }).tls.handshakes[
        'client-refused'
      ]!
    }

    it('are not needed with "request"', async () => {
      const { response } = await whoBy(await start(usualCertificate(), ...asked('request')), [])
      assert.deepInclude(JSON.parse(response.content), { client: null, clientProblem: null })
    })

    it('are needed with "require": the handshake fails without', async () => {
      const both = await start(usualCertificate(), ...asked('require'))
      assert.match(await sClient(both.httpsPort, ASKED, '-tls1_3'), /alert certificate required/)
      assert.match(await sClient(both.httpsPort, ASKED, '-tls1_2'), /alert handshake failure/)
    })
  })

  describe('the wrong port', () => {
    let both: Both
    before(async () => (both = await start(usualCertificate())))

    for (const [what, octets] of [
      ['a request', ASKED],
      [
        'a request with 1 MiB of content',
        `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n${'x'.repeat(1_048_576)}`,
      ],
      ['an empty line', '\r\n'],
      ['anything else', '\0\x01\x02'],
    ] as const) {
      it(`of HTTPS tells who sends ${what} in plain what it speaks, and ends in order`, async () => {
        const client = await RawClient.connect(both.httpsPort)
        client.send(octets)
        const response = await client.lastResponse()
        assert.equal(response.status, 400)
        assert.include(response.content, 'This port speaks HTTPS: use https:// here.')
      })
    }

    it('of plain HTTP tells a TLS client what it speaks', async () => {
      assert.include(await sClient(both.server.port, '', '-msg'), 'wrong version number')
      const client = await both.server.connect()
      client.send(Buffer.from('160301020001000001fc0303', 'hex'))
      assert.include((await client.lastResponse()).content, 'This port speaks plain HTTP: use http:// here.')
    })
  })

  describe('handshakes', () => {
    it('that are slow or silent are cut', async () => {
      const both = await start(usualCertificate(), ...settings({ handshakeTimeoutMs: '700' }))
      const [silent, slow] = [await RawClient.connect(both.httpsPort), await RawClient.connect(both.httpsPort)]
      slow.send(Buffer.from('16030102000100', 'hex'))
      assert.deepEqual([await silent.rest(), await slow.rest()], ['', ''])
      assert.equal((await metrics(both)).handshakes['timed-out'], 2)
      // Waits for the lag of the test's own connections to be over.
      assert.equal((await metrics(both)).inFlight, 0)
    })

    it('make room for honest ones, however many peers do nothing', async () => {
      const both = await start(usualCertificate(), ...settings({ maxHandshakes: '20', handshakeTimeoutMs: '60000' }))
      const crowd = Array.from({ length: 20 }, () => connect(both.httpsPort, '127.0.0.1').on('error', () => undefined))
      await new Promise((resolve) => setTimeout(resolve, 1300))
      const told = await sClient(both.httpsPort, ASKED)
      assert.include(told, '200 OK')
      for (const socket of crowd) socket.destroy()
      assert.isAtLeast((await metrics(both)).handshakes['no-room']!, 1)
    })

    it('of garbage are refused by an alert', async () => {
      const both = await start(usualCertificate())
      const client = await RawClient.connect(both.httpsPort)
      client.send(Buffer.concat([Buffer.from('1603010100', 'hex'), randomBytes(256)]))
      const answer = Buffer.from(await client.rest(), 'latin1')
      assert.equal(answer[0], 21)
      assert.equal((await metrics(both)).handshakes['failed'], 1)
    })
  })

  describeWithCurl('content', () => {
    let both: Both
    before(async () => (both = await start(usualCertificate())))

    for (const version of ['1.2', '1.3']) {
      it(`is whole for a slow reader of a connection that ends behind it, by TLS ${version}`, async () => {
        const url = `https://127.0.0.1:${both.httpsPort}/big`
        const flags = [
          '-k',
          '-s',
          '--limit-rate',
          '6M',
          `--tlsv${version}`,
          '--tls-max',
          version,
          '-H',
          'Connection: close',
        ]
        const { status, stdout } = spawnSync('curl', [...flags, url], { maxBuffer: 2 ** 25 })
        assert.equal(status, 0)
        const expected = Buffer.alloc(8 * 1024 * 1024, 'content ')
        const digest = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
        assert.equal(digest(stdout), digest(expected))
      })
    }

    it('goes up as well', async () => {
      const content = randomBytes(600_000).toString('hex').slice(0, 1_000_000)
      const { response } = await curl(['--data-binary', '@-', `https://127.0.0.1:${both.httpsPort}/echo`], content)
      assert.isTrue(response.content === content)
    })
  })

  describeWithCurl('from plain HTTP', () => {
    let both: Both
    before(async () => {
      folder.write('challenges/token-1', 'token-1.thumbprint')
      const acmeDirectory = `${folder.path}/challenges`
      both = await start(usualCertificate(), '--redirect-http', ...settings({ acmeDirectory, hsts: 'max-age=60' }))
    })
    const plain = (path: string): string => `http://127.0.0.1:${both.server.port}${path}`

    it('leads to the same target, with its method and content', async () => {
      const { response } = await curl([plain('/echo?a=b'), '--data-binary', 'x=1'])
      assert.equal(response.status, 308)
      assert.equal(valueOf(response, 'location'), `https://127.0.0.1:${both.httpsPort}/echo?a=b`)
      const followed = spawnSync('curl', ['-sk', '--location', '--data-binary', 'x=1', plain('/echo?a=b')])
      assert.equal(String(followed.stdout), 'x=1')
    })

    it('leads nowhere by a host that is none', async () => {
      const { response } = await curl(['-H', "Host: a'b(c)", plain('/')])
      assert.equal(response.status, 400)
      assert.isUndefined(valueOf(response, 'location'))
    })

    it('leaves what has to answer in plain', async () => {
      assert.equal((await curl([plain('/livez')])).response.status, 200)
      for (const origin of [plain(''), `https://127.0.0.1:${both.httpsPort}`]) {
        const { response } = await curl([`${origin}/.well-known/acme-challenge/token-1`])
        assert.deepEqual([response.status, response.content], [200, 'token-1.thumbprint'])
      }
    })

    it('asks for HTTPS from now on, but by HTTPS alone', async () => {
      assert.isUndefined(valueOf((await curl([plain('/livez')])).response, 'strict-transport-security'))
      const { response } = await curl([`https://127.0.0.1:${both.httpsPort}/livez`])
      assert.equal(valueOf(response, 'strict-transport-security'), 'max-age=60')
    })
  })

  describe('a start that cannot be', () => {
    const missing = `${folder.path}/missing.pem`
    const { certFile, keyFile } = usualCertificate()
    const other = makeCertificate(folder, 'other', { names: ['other.test'] })
    const cases: [what: string, flags: string[], told: RegExp][] = [
      ['no certificate', [], /tls\.certFile: found null, wanted a certificate/],
      [
        'files that are not there',
        ['--cert-file', missing, '--key-file', missing],
        /tls\.certFile: .*ENOENT[^]*tls\.keyFile: .*ENOENT/,
      ],
      ['a key for a certificate', ['--cert-file', keyFile, '--key-file', keyFile], /which holds no certificate/],
      ['a certificate for a key', ['--cert-file', certFile, '--key-file', certFile], /which holds no private key/],
      ["another's key", ['--cert-file', certFile, '--key-file', other.keyFile], /which belongs to another certificate/],
      [
        'no authority for client certificates',
        ['--cert-file', certFile, '--key-file', keyFile, ...settings({ clientAuth: 'require', clientCaFile: missing })],
        /tls\.clientCaFile: found ".*missing\.pem", which cannot be read/,
      ],
    ]
    for (const [what, flags, told] of cases) {
      it(`for want of what it needs says so, with 78: ${what}`, async () => {
        for (const command of ['serve', 'check']) {
          const { code, stderr } = await Program.run([
            command,
            '--port',
            '0',
            '--https-port',
            '0',
            '--enable-tls',
            ...flags,
          ])
          assert.equal(code, 78)
          assert.match(stderr, told)
        }
      })
    }

    it('names a taken port, with 1, and leaves nothing open', async () => {
      const both = await start(usualCertificate())
      const files = ['--cert-file', certFile, '--key-file', keyFile]
      const ports = ['--port', '0', '--https-port', String(both.httpsPort)]
      const { code, stderr } = await Program.run(['--enable-tls', ...files, ...ports])
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${both.httpsPort}: the port is in use`))
    })
  })

  it('alone has no plain port', async () => {
    const { certFile, keyFile } = usualCertificate()
    const flags = ['--enable-tls', '--https-port', '0', '--cert-file', certFile, '--key-file', keyFile]
    const server = await startServer({ flags: [...flags, '--set', 'tls.only=true'] })
    assert.isTrue(server.isSecure)
    assert.equal(server.program.stderr.match(/listening/g)?.length, 1)
    await server.stop()
  })
})
