import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { valueOf } from '../wire/response-parser.js'
import { usualCertificate } from './support/certificate.js'
import { makeCertificate } from './support/certificates.js'
import { curl, describeWithCurl } from './support/curl.js'
import { HttpsServers, LAST_REQUEST, tlsFlags, type HttpsServer } from './support/https-server.js'
import { describeWithOpenssl, sClient } from './support/openssl.js'
import { Program } from './support/program.js'
import { RawClient } from './support/raw-client.js'
import { startServer } from './support/server.js'

describeWithOpenssl('HTTPS', () => {
  const servers = new HttpsServers()
  const { folder } = servers

  after(() => servers.remove())

  describe('the wrong port', () => {
    let https: HttpsServer
    before(async () => (https = await servers.usual()))

    for (const [what, octets] of [
      ['a request', LAST_REQUEST],
      [
        'a request with 1 MiB of content',
        `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n${'x'.repeat(1_048_576)}`,
      ],
      ['an empty line', '\r\n'],
      ['anything else', '\0\x01\x02'],
    ] as const) {
      it(`of HTTPS answers ${what} without TLS with what it speaks, and ends in order`, async () => {
        const client = await RawClient.connect(https.port)
        client.send(octets)
        const response = await client.lastResponse()
        assert.equal(response.status, 400)
        assert.include(response.content, 'This port speaks HTTPS: use https:// here.')
      })
    }

    it('of plain HTTP tells a TLS client what it speaks', async () => {
      assert.include(await sClient(https.server.port, '', '-msg'), 'wrong version number')
      const client = await https.server.connect()
      client.send(Buffer.from('160301020001000001fc0303', 'hex'))
      assert.include((await client.lastResponse()).content, 'This port speaks plain HTTP: use http:// here.')
    })
  })

  describe('handshakes', () => {
    it('that are slow or silent are cut off', async () => {
      const https = await servers.usual(...tlsFlags({ handshakeTimeoutMs: '700' }))
      const [silent, slow] = [await RawClient.connect(https.port), await RawClient.connect(https.port)]
      slow.send(Buffer.from('16030102000100', 'hex'))
      assert.deepEqual([await silent.rest(), await slow.rest()], ['', ''])
      const { handshakes, inFlight } = await https.metrics()
      assert.equal(handshakes['timed-out'], 2)
      assert.equal(inFlight, 0)
    })

    it('of honest clients find room, however many others do nothing', async () => {
      const https = await servers.usual(...tlsFlags({ maxHandshakes: '20', handshakeTimeoutMs: '60000' }))
      const crowd = Array.from({ length: 20 }, () => connect(https.port, '127.0.0.1').on('error', () => undefined))
      await new Promise((resolve) => setTimeout(resolve, 1300))
      assert.include(await sClient(https.port, LAST_REQUEST), '200 OK')
      for (const socket of crowd) socket.destroy()
      assert.isAtLeast((await https.metrics()).handshakes['no-room']!, 1)
    })

    it('of garbage are refused with an alert', async () => {
      const https = await servers.usual()
      const before = (await https.metrics()).handshakes['failed'] ?? 0
      const client = await RawClient.connect(https.port)
      client.send(Buffer.concat([Buffer.from('1603010100', 'hex'), randomBytes(256)]))
      const answer = Buffer.from(await client.rest(), 'latin1')
      assert.equal(answer[0], 21)
      assert.equal((await https.metrics()).handshakes['failed'], before + 1)
    })
  })

  describeWithCurl('content', () => {
    let https: HttpsServer
    before(async () => (https = await servers.usual()))

    for (const version of ['1.2', '1.3']) {
      it(`arrives whole at a slow reader whose connection ends after it, with TLS ${version}`, () => {
        const url = `${https.origin}/big`
        const only = [`--tlsv${version}`, '--tls-max', version]
        const flags = ['--insecure', '--silent', '--limit-rate', '6M', ...only, '-H', 'Connection: close']
        const { status, stdout } = spawnSync('curl', [...flags, url], { maxBuffer: 2 ** 25 })
        assert.equal(status, 0)
        const expected = Buffer.alloc(8 * 1024 * 1024, 'content ')
        const digest = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
        assert.equal(digest(stdout), digest(expected))
      })
    }

    it('can be uploaded', async () => {
      const content = randomBytes(600_000).toString('hex').slice(0, 1_000_000)
      const { response } = await curl(['--data-binary', '@-', `${https.origin}/echo`], content)
      assert.isTrue(response.content === content)
    })
  })

  describeWithCurl('a redirect from plain HTTP', () => {
    let https: HttpsServer
    before(async () => {
      folder.write('challenges/token-1', 'token-1.thumbprint')
      const acmeDirectory = `${folder.path}/challenges`
      https = await servers.usual('--redirect-http', ...tlsFlags({ acmeDirectory, hsts: 'max-age=60' }))
    })
    const plain = (path: string): string => `${https.server.origin}${path}`

    it('leads to the same target, with its method and content', async () => {
      const { response } = await curl([plain('/echo?a=b'), '--data-binary', 'x=1'])
      assert.equal(response.status, 308)
      assert.equal(valueOf(response, 'location'), `${https.origin}/echo?a=b`)
      const followed = spawnSync('curl', ['-sk', '--location', '--data-binary', 'x=1', plain('/echo?a=b')])
      assert.equal(String(followed.stdout), 'x=1')
    })

    it('is refused for a malformed host', async () => {
      const { response } = await curl(['-H', "Host: a'b(c)", plain('/')])
      assert.equal(response.status, 400)
      assert.isUndefined(valueOf(response, 'location'))
    })

    it('leaves out the paths that plain HTTP has to answer', async () => {
      assert.equal((await curl([plain('/livez')])).response.status, 200)
      for (const origin of [plain(''), https.origin]) {
        const { response } = await curl([`${origin}/.well-known/acme-challenge/token-1`])
        assert.deepEqual([response.status, response.content], [200, 'token-1.thumbprint'])
      }
    })

    it('goes with Strict-Transport-Security, which only HTTPS sends', async () => {
      assert.isUndefined(valueOf((await curl([plain('/livez')])).response, 'strict-transport-security'))
      const { response } = await curl([`${https.origin}/livez`])
      assert.equal(valueOf(response, 'strict-transport-security'), 'max-age=60')
    })
  })

  describe('a start that is impossible', () => {
    const missing = `${folder.path}/missing.pem`
    const { certFile, keyFile } = usualCertificate()
    const other = makeCertificate(folder, 'other', { names: ['other.test'] })
    const cases: [problem: string, flags: string[], message: RegExp][] = [
      ['no certificate', [], /tls\.certFile: found null, wanted the path of a certificate/],
      [
        'missing files',
        ['--cert-file', missing, '--key-file', missing],
        /tls\.certFile: .*ENOENT[^]*tls\.keyFile: .*ENOENT/,
      ],
      ['a key as the certificate', ['--cert-file', keyFile, '--key-file', keyFile], /which holds no certificate/],
      ['a certificate as the key', ['--cert-file', certFile, '--key-file', certFile], /which holds no private key/],
      [
        'the key of another certificate',
        ['--cert-file', certFile, '--key-file', other.keyFile],
        /which belongs to another certificate/,
      ],
      [
        'no authority for client certificates',
        ['--cert-file', certFile, '--key-file', keyFile, ...tlsFlags({ clientAuth: 'require', clientCaFile: missing })],
        /tls\.clientCaFile: found ".*missing\.pem", which cannot be read/,
      ],
    ]
    for (const [problem, flags, message] of cases) {
      it(`ends with 78 and names the problem: ${problem}`, async () => {
        for (const command of ['serve', 'check']) {
          const ports = ['--port', '0', '--https-port', '0']
          const { code, stderr } = await Program.run([command, ...ports, '--enable-tls', ...flags])
          assert.equal(code, 78)
          assert.match(stderr, message)
        }
      })
    }

    it('ends with 1, names the port that is in use, and leaves nothing open', async () => {
      const https = await servers.usual()
      const files = ['--cert-file', certFile, '--key-file', keyFile]
      const ports = ['--port', '0', '--https-port', String(https.port)]
      const { code, stderr } = await Program.run(['--enable-tls', ...files, ...ports])
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${https.port}: the port is in use`))
    })
  })

  it('without plain HTTP has only one port', async () => {
    const { certFile, keyFile } = usualCertificate()
    const flags = ['--enable-tls', '--https-port', '0', '--cert-file', certFile, '--key-file', keyFile]
    const server = await startServer({ flags: [...flags, '--set', 'tls.only=true'] })
    assert.isTrue(server.isSecure)
    assert.equal(server.program.stderr.match(/listening/g)?.length, 1)
    await server.stop('SIGKILL')
  })
})
