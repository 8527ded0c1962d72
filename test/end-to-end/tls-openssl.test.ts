import { assert } from 'chai'
import { after, before, it } from 'mocha'
import { curl } from './support/curl.js'
import { HttpsServers, LAST_REQUEST, tlsFlags, type HttpsServer } from './support/https-server.js'
import { describeWithOpenssl, sClient } from './support/openssl.js'

describeWithOpenssl('HTTPS versions, suites and sessions, tested with openssl:', () => {
  const servers = new HttpsServers()
  let https: HttpsServer

  before(async () => {
    https = await servers.usual(...tlsFlags({ ticketLifetimeMs: '60000' }), '--workers', '2')
  })
  after(() => servers.remove())

  const ask = (...flags: string[]): Promise<string> => sClient(https.port, LAST_REQUEST, ...flags)

  for (const version of ['tls1_2', 'tls1_3']) {
    it(`speaks ${version}`, async () => assert.match(await ask(`-${version}`), /200 OK[^]*hello\n/))

    it(`resumes sessions of ${version} in any worker`, async () => {
      const session = `${servers.folder.path}/${version}.session`
      assert.match(await ask(`-${version}`, '-sess_out', session), /^New, /m)
      for (let time = 0; time < 4; time++) assert.match(await ask(`-${version}`, '-sess_in', session), /^Reused, /m)
    })
  }

  it('resumes sessions of curl', async () => {
    const { responses } = await curl(['-H', 'Connection: close', `${https.origin}/who`, `${https.origin}/who`])
    const resumed = responses.map(({ content }) => (JSON.parse(content) as { resumed: boolean }).resumed)
    assert.deepEqual(resumed, [false, true])
  })

  it('does a full handshake for a session of another server, or of an earlier one', async () => {
    const other = await servers.usual()
    for (const version of ['-tls1_2', '-tls1_3']) {
      const session = `${servers.folder.path}/other.session`
      await sClient(other.port, LAST_REQUEST, version, '-sess_out', session)
      assert.match(await ask(version, '-sess_in', session), /^New, [^]*200 OK/m)
    }
  })

  for (const version of ['tls1', 'tls1_1']) {
    it(`refuses ${version}`, async () => {
      assert.include(await ask(`-${version}`, '-cipher', 'ALL:@SECLEVEL=0'), 'alert protocol version')
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

  it('prefers AES with 128 bits, unless the client has no AES in its hardware', async () => {
    assert.include(await ask('-tls1_2'), 'ECDHE-ECDSA-AES128-GCM-SHA256')
    assert.include(await ask('-tls1_3'), 'TLS_AES_128_GCM_SHA256')
    const chacha = 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256'
    assert.include(await ask('-tls1_2', '-cipher', chacha), 'Cipher is ECDHE-ECDSA-CHACHA20-POLY1305')
  })

  it('refuses to renegotiate', async () => {
    const printed = await sClient(https.port, `R\nGET / HTTP/1.1\r\n`, '-tls1_2', '-no_ign_eof')
    assert.match(printed, /no renegotiation/i)
  })

  it('does not compress', async () => assert.include(await ask('-tls1_2', '-comp'), 'Compression: NONE'))

  it('selects http/1.1 by ALPN, and refuses a client that does not offer it', async () => {
    assert.include(await ask('-alpn', 'h2,http/1.1'), 'ALPN protocol: http/1.1')
    assert.include(await ask('-alpn', 'h2'), 'alert no application protocol')
  })

  it('ends a connection with close_notify', async () => {
    for (const version of ['-tls1_2', '-tls1_3']) assert.match(await ask(version, '-msg'), /<<< [^\n]*close_notify/)
  })

  it('speaks only TLS 1.3 where the settings say so', async () => {
    const strict = await servers.usual(...tlsFlags({ minVersion: 'TLSv1.3' }))
    assert.include(await sClient(strict.port, LAST_REQUEST, '-tls1_2'), 'alert protocol version')
    assert.include(await sClient(strict.port, LAST_REQUEST), '200 OK')
  })
})
