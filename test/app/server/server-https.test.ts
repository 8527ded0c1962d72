import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Request, Routes } from '../../../src/ports/plugins/plugin.js'
import type { TlsSettings } from '../../../src/ports/operations/settings.js'
import type { Security } from '../../../src/ports/serving/transport.js'
import { credentialsOf } from '../../fakes/fake-credentials.js'
import { FakeListener } from '../../fakes/fake-listener.js'
import type { FarEnd } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get } from '../../wire/requests.js'
import { Served, settled, statuses } from '../serving/served.js'

const POLL_MS = DEFAULT_SETTINGS.drain.pollIntervalMs

const SECURITY: Security = {
  protocol: 'TLSv1.3',
  suite: 'TLS_AES_128_GCM_SHA256',
  serverName: 'a.test',
  resumed: false,
  client: null,
  clientProblem: null,
}

const routes: Routes = { 'GET /': () => 'x', 'GET /livez': () => 'alive', 'GET /readyz': () => 'ready' }

/** A server with an HTTPS listener. */
class Secured {
  readonly listener = new FakeListener()
  readonly served: Served

  private constructor(tls: Partial<TlsSettings>, own: Routes) {
    const settings = { tls: { ...DEFAULT_SETTINGS.tls, enabled: true, ...tls } }
    this.served = new Served({ routes: own, settings, secureListener: this.listener })
  }

  static async start(tls: Partial<TlsSettings> = {}, own = routes): Promise<Secured> {
    const secured = new Secured(tls, own)
    await secured.served.server.start()
    return secured
  }

  /** Sends a request to the HTTPS listener; `security` is `null` for a client that speaks plain HTTP there. */
  async overHttps(request: string, security: Partial<Security> | null = {}): Promise<FarEnd> {
    const far = this.listener.connect(security === null ? {} : { security: { ...SECURITY, ...security } })
    far.send(request)
    await settled()
    return far
  }

  async overHttp(request: string): Promise<FarEnd> {
    const far = this.served.connect()
    far.send(request)
    await settled()
    return far
  }
}

const location = ({ received }: FarEnd): string | undefined => /\r\nLocation: (.*)\r\n/.exec(received)?.[1]

describe('Server: HTTPS', () => {
  it('serves the same routes as plain HTTP', async () => {
    const secured = await Secured.start()
    for (const far of [await secured.overHttps(get('/')), await secured.overHttp(get('/'))])
      assert.deepEqual(statuses(far.received), [200])
    const events = secured.served.log.events.filter(({ event }) => event === 'server listening')
    assert.deepEqual(
      events.map(({ facts }) => [facts['scheme'], facts['port']]),
      [
        ['http', 8080],
        ['https', 8443],
      ],
    )
  })

  it('opens only the HTTPS listener with tls.only', async () => {
    const secured = await Secured.start({ only: true })
    assert.deepEqual([secured.served.listener.listening, secured.listener.listening], [false, true])
  })

  it('leaves no listener open when one address is in use', async () => {
    const listener = new FakeListener()
    const served = new Served({
      settings: { tls: { ...DEFAULT_SETTINGS.tls, enabled: true } },
      secureListener: listener,
    })
    served.listener.failure = Object.assign(new Error('Cannot listen: taken'), { code: 'EADDRINUSE' })
    assert.instanceOf(await served.server.start().catch((error: unknown) => error), Error)
    assert.deepEqual([served.listener.listening, listener.listening, served.clock.pending], [false, false, 0])
  })

  it('gives handlers and the access log the TLS details of a request', async () => {
    const seen: Request['tls'][] = []
    const client = { subject: 'CN=alice', issuer: 'CN=ca', serialNumber: '01', fingerprint: 'AA' }
    const secured = await Secured.start({}, { 'GET /': (request) => String(seen.push(request.tls)) })
    await secured.overHttps(get('/'), { client, resumed: true })
    await secured.overHttp(get('/'))
    const told = { protocol: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', serverName: 'a.test', resumed: true }
    assert.deepInclude(seen[0], { ...told, client })
    assert.isNull(seen[1])
    const logged = secured.served.accessLog.exchanges.map(({ security }) => security)
    assert.deepInclude(logged[0], { ...told, client })
    assert.isNull(logged[1])
  })

  it('sends Strict-Transport-Security only over HTTPS', async () => {
    const secured = await Secured.start({ hsts: 'max-age=60' })
    const [encrypted, plain] = [await secured.overHttps(get('/')), await secured.overHttp(get('/'))]
    assert.include(encrypted.received, '\r\nStrict-Transport-Security: max-age=60\r\n')
    assert.notInclude(plain.received, 'Strict-Transport-Security')
  })

  it('sends no Strict-Transport-Security without the setting', async () => {
    const secured = await Secured.start()
    assert.notInclude((await secured.overHttps(get('/'))).received, 'Strict-Transport-Security')
  })

  it('reports the handshakes in progress and when certificates expire', async () => {
    const secured = await Secured.start()
    secured.listener.credentials = credentialsOf({ expiresMs: secured.served.clock.wall() + 90_500 })
    assert.deepInclude(secured.served.metrics.snapshot().tls, {
      inFlight: 0,
      certificates: [{ certificate: 'a.test ec', expiresInSeconds: 90 }],
    })
  })

  describe('refuses with an explanation, and closes:', () => {
    it('plain HTTP on the HTTPS port', async () => {
      const secured = await Secured.start()
      const far = await secured.overHttps(get('/'), null)
      assert.match(far.received, /^HTTP\/1\.1 400 .*use https:\/\//s)
      assert.deepEqual([far.ended, secured.served.outcomes], [true, ['refused']])
    })

    it('a client certificate that is not accepted', async () => {
      const secured = await Secured.start()
      const far = await secured.overHttps(get('/'), { clientProblem: 'CERT_HAS_EXPIRED' })
      assert.match(far.received, /^HTTP\/1\.1 400 .*client certificate is not accepted/s)
      assert.isTrue(far.ended)
    })

    it('a target with the scheme http over HTTPS: 421', async () => {
      const secured = await Secured.start()
      const far = await secured.overHttps('GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.deepEqual(statuses(far.received), [421])
    })
  })

  describe('redirect from plain HTTP', () => {
    it('redirects every request to the same target over HTTPS', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      for (const [target, to] of [
        ['/', 'https://a:8443/'],
        ['/nowhere?x=1', 'https://a:8443/nowhere?x=1'],
        ['/readyz', 'https://a:8443/readyz'],
      ] as const) {
        const far = await secured.overHttp(get(target))
        assert.deepEqual([statuses(far.received), location(far)], [[308], to])
      }
    })

    it('serves HTTPS requests without a redirect', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      assert.deepEqual(statuses((await secured.overHttps(get('/'))).received), [200])
    })

    it('omits port 443, and uses the host of the settings', async () => {
      const secured = await Secured.start({ redirectHttp: true, redirectHost: 'www.test', port: 443 })
      assert.equal(location(await secured.overHttp(get('/'))), 'https://www.test/')
    })

    it('uses an IPv6 address of the settings', async () => {
      const secured = await Secured.start({ redirectHttp: true, redirectHost: '::1' })
      assert.equal(location(await secured.overHttp(get('/'))), 'https://[::1]:8443/')
    })

    it('reads the content and keeps the connection: the next request is answered, too', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      const far = await secured.overHttp(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${get('/b')}`)
      assert.deepEqual(statuses(far.received), [308, 308])
    })

    it('serves /livez over plain HTTP', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      assert.deepEqual(statuses((await secured.overHttp(get('/livez'))).received), [200])
    })

    it('serves ACME challenges over plain HTTP, but only with acmeDirectory', async () => {
      const challenge = '/.well-known/acme-challenge/token'
      const own: Routes = { 'GET /.well-known/acme-challenge/*': () => 'proof' }
      const answering = await Secured.start({ redirectHttp: true, acmeDirectory: '/challenges' }, own)
      assert.deepEqual(statuses((await answering.overHttp(get(challenge))).received), [200])
      const other = await Secured.start({ redirectHttp: true }, own)
      assert.deepEqual(statuses((await other.overHttp(get(challenge))).received), [308])
    })

    it('does not redirect to a malformed host', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      const far = await secured.overHttp("GET / HTTP/1.1\r\nHost: a'b\r\n\r\n")
      assert.deepEqual([statuses(far.received), location(far)], [[400], undefined])
    })
  })

  it('drains both listeners', async () => {
    const secured = await Secured.start()
    const { served } = secured
    const fars = [await secured.overHttps(get('/')), await secured.overHttp(get('/'))]
    const drained = served.server.drain()
    await served.pass(2 * POLL_MS)
    assert.deepEqual([served.listener.listening, secured.listener.listening], [false, false])
    for (const far of fars) {
      assert.isTrue(far.ended)
      far.end()
    }
    await served.pass(POLL_MS)
    assert.deepEqual(await drained, { finished: 0, rejected: 0, cut: {} })
  })

  it('does not wait for handshakes in progress when forced', async () => {
    const secured = await Secured.start()
    secured.listener.isSettingUp = true
    const drained = secured.served.server.drain()
    await secured.served.pass(10 * POLL_MS)
    assert.equal(secured.served.server.phase, 'draining')
    secured.served.server.force()
    assert.deepEqual(await drained, { finished: 0, rejected: 0, cut: {} })
  })
})
