import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Request, Routes } from '../../../src/ports/plugins/plugin.js'
import type { TlsSettings } from '../../../src/ports/operations/settings.js'
import type { Security } from '../../../src/ports/serving/transport.js'
import { credentialsOf } from '../../fakes/fake-credentials.js'
import { FakeListener } from '../../fakes/fake-listener.js'
import type { FarEnd } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get, Served, settled, statuses } from '../serving/served.js'

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

/** A server with a way in by HTTPS. */
class Secured {
  readonly door = new FakeListener()
  readonly served: Served

  private constructor(tls: Partial<TlsSettings>, own: Routes) {
    const settings = { tls: { ...DEFAULT_SETTINGS.tls, enabled: true, ...tls } }
    this.served = new Served({ routes: own, settings, secureListener: this.door })
  }

  static async start(tls: Partial<TlsSettings> = {}, own = routes): Promise<Secured> {
    const secured = new Secured(tls, own)
    await secured.served.server.start()
    return secured
  }

  /** What a peer is told that comes in by HTTPS, secured unless it is `null`. */
  async secretly(request: string, security: Partial<Security> | null = {}): Promise<FarEnd> {
    const far = this.door.connect(security === null ? {} : { security: { ...SECURITY, ...security } })
    far.send(request)
    await settled()
    return far
  }

  async plainly(request: string): Promise<FarEnd> {
    const far = this.served.connect()
    far.send(request)
    await settled()
    return far
  }
}

const location = ({ received }: FarEnd): string | undefined => /\r\nLocation: (.*)\r\n/.exec(received)?.[1]

describe('a server with HTTPS', () => {
  it('listens by it beside plain HTTP, and serves the same', async () => {
    const secured = await Secured.start()
    for (const far of [await secured.secretly(get('/')), await secured.plainly(get('/'))])
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

  it('listens by it alone when it is told so', async () => {
    const secured = await Secured.start({ only: true })
    assert.deepEqual([secured.served.listener.listening, secured.door.listening], [false, true])
  })

  it('leaves nothing open when one of the addresses cannot be had', async () => {
    const door = new FakeListener()
    const served = new Served({ settings: { tls: { ...DEFAULT_SETTINGS.tls, enabled: true } }, secureListener: door })
    served.listener.failure = Object.assign(new Error('Cannot listen: taken'), { code: 'EADDRINUSE' })
    assert.instanceOf(await served.server.start().catch((error: unknown) => error), Error)
    assert.deepEqual([served.listener.listening, door.listening, served.clock.pending], [false, false, 0])
  })

  it('tells handlers, and the access log, how a request was secured', async () => {
    const seen: Request['tls'][] = []
    const client = { subject: 'CN=alice', issuer: 'CN=ca', serialNumber: '01', fingerprint: 'AA' }
    const secured = await Secured.start({}, { 'GET /': (request) => String(seen.push(request.tls)) })
    await secured.secretly(get('/'), { client, resumed: true })
    await secured.plainly(get('/'))
    const told = { protocol: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', serverName: 'a.test', resumed: true }
    assert.deepInclude(seen[0], { ...told, client })
    assert.isNull(seen[1])
    const logged = secured.served.accessLog.exchanges.map(({ security }) => security)
    assert.deepInclude(logged[0], { ...told, client })
    assert.isNull(logged[1])
  })

  it('sends Strict-Transport-Security by HTTPS alone', async () => {
    const secured = await Secured.start({ hsts: 'max-age=60' })
    const [secret, plain] = [await secured.secretly(get('/')), await secured.plainly(get('/'))]
    assert.include(secret.received, '\r\nStrict-Transport-Security: max-age=60\r\n')
    assert.notInclude(plain.received, 'Strict-Transport-Security')
  })

  it('sends none where it is not set', async () => {
    const secured = await Secured.start()
    assert.notInclude((await secured.secretly(get('/'))).received, 'Strict-Transport-Security')
  })

  it('counts what is under way, and tells when certificates expire', async () => {
    const secured = await Secured.start()
    secured.door.credentials = credentialsOf({ expiresMs: secured.served.clock.wall() + 90_500 })
    assert.deepInclude(secured.served.metrics.snapshot().tls, {
      inFlight: 0,
      certificates: [{ certificate: 'a.test ec', expiresInSeconds: 90 }],
    })
  })

  describe('tells a peer that has come the wrong way, and closes:', () => {
    it('plain HTTP on the port of HTTPS', async () => {
      const secured = await Secured.start()
      const far = await secured.secretly(get('/'), null)
      assert.match(far.received, /^HTTP\/1\.1 400 .*use https:\/\//s)
      assert.deepEqual([far.ended, secured.served.outcomes], [true, ['refused']])
    })

    it('a client certificate that is not accepted', async () => {
      const secured = await Secured.start()
      const far = await secured.secretly(get('/'), { clientProblem: 'CERT_HAS_EXPIRED' })
      assert.match(far.received, /^HTTP\/1\.1 400 .*client certificate is not accepted/s)
      assert.isTrue(far.ended)
    })

    it('http: as the scheme of a target, by HTTPS: 421', async () => {
      const secured = await Secured.start()
      const far = await secured.secretly('GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.deepEqual(statuses(far.received), [421])
    })
  })

  describe('that redirects to it', () => {
    it('sends every request to the same target by HTTPS', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      for (const [target, to] of [
        ['/', 'https://a:8443/'],
        ['/nowhere?x=1', 'https://a:8443/nowhere?x=1'],
        ['/readyz', 'https://a:8443/readyz'],
      ] as const) {
        const far = await secured.plainly(get(target))
        assert.deepEqual([statuses(far.received), location(far)], [[308], to])
      }
    })

    it('serves by HTTPS as ever', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      assert.deepEqual(statuses((await secured.secretly(get('/'))).received), [200])
    })

    it('leaves the port out when it is the usual one, and takes the host of the settings', async () => {
      const secured = await Secured.start({ redirectHttp: true, redirectHost: 'www.test', port: 443 })
      assert.equal(location(await secured.plainly(get('/'))), 'https://www.test/')
    })

    it('takes an IPv6 address of the settings', async () => {
      const secured = await Secured.start({ redirectHttp: true, redirectHost: '::1' })
      assert.equal(location(await secured.plainly(get('/'))), 'https://[::1]:8443/')
    })

    it('keeps content and connection: the next request is answered, too', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      const far = await secured.plainly(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${get('/b')}`)
      assert.deepEqual(statuses(far.received), [308, 308])
    })

    it('answers /livez in plain', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      assert.deepEqual(statuses((await secured.plainly(get('/livez'))).received), [200])
    })

    it('answers challenges of certificate authorities in plain where a folder holds them, and only there', async () => {
      const challenge = '/.well-known/acme-challenge/token'
      const own: Routes = { 'GET /.well-known/acme-challenge/*': () => 'proof' }
      const answering = await Secured.start({ redirectHttp: true, acmeDirectory: '/challenges' }, own)
      assert.deepEqual(statuses((await answering.plainly(get(challenge))).received), [200])
      const other = await Secured.start({ redirectHttp: true }, own)
      assert.deepEqual(statuses((await other.plainly(get(challenge))).received), [308])
    })

    it('takes no host from garbage', async () => {
      const secured = await Secured.start({ redirectHttp: true })
      const far = await secured.plainly("GET / HTTP/1.1\r\nHost: a'b\r\n\r\n")
      assert.deepEqual([statuses(far.received), location(far)], [[400], undefined])
    })
  })

  it('drains both ways in', async () => {
    const secured = await Secured.start()
    const { served } = secured
    const fars = [await secured.secretly(get('/')), await secured.plainly(get('/'))]
    const drained = served.server.drain()
    await served.pass(2 * POLL_MS)
    assert.deepEqual([served.listener.listening, secured.door.listening], [false, false])
    for (const far of fars) {
      assert.isTrue(far.ended)
      far.end()
    }
    await served.pass(POLL_MS)
    assert.deepEqual(await drained, { finished: 0, rejected: 0, cut: {} })
  })

  it('does not wait any longer for handshakes that are under way, when it is forced', async () => {
    const secured = await Secured.start()
    secured.door.isSettingUp = true
    const drained = secured.served.server.drain()
    await secured.served.pass(10 * POLL_MS)
    assert.equal(secured.served.server.phase, 'draining')
    secured.served.server.force()
    assert.deepEqual(await drained, { finished: 0, rejected: 0, cut: {} })
  })
})
