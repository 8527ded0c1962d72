import type { Socket } from 'node:net'
import { assert } from 'chai'
import { after, afterEach, before, it } from 'mocha'
import type { Credentials } from '../../../src/ports/operations/credentials.js'
import type { HandshakeOutcome } from '../../../src/ports/operations/metrics.js'
import type { TlsSettings } from '../../../src/ports/operations/settings.js'
import type { Security } from '../../../src/ports/serving/transport.js'
import { usualCertificate } from '../../end-to-end/support/certificate.js'
import { makeCertificate } from '../../end-to-end/support/certificates.js'
import { TemporaryFolder } from '../../end-to-end/support/folder.js'
import { describeWithOpenssl } from '../../end-to-end/support/openssl.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { credentialAt, ServedByTls } from './served-by-tls.js'
import { eventually } from '../../support/waiting.js'

/** The beginning of a client hello: according to its record header, more octets follow. */
const HELLO_BEGUN = '\x16\x03\x01\x02\x00\x01'
/** A TLS record that is not a valid handshake. */
const GARBAGE = '\x16\x03\x01\x00\x04\xff\xff\xff\xff'
const SWEEP_MS = 250

const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

describeWithOpenssl('Handshakes', () => {
  let folder: TemporaryFolder
  let credentials: Credentials
  let served: ServedByTls
  /** The security of each accepted transport; `null` for plain HTTP. */
  let accepted: (Security | null)[]

  before(() => {
    folder = new TemporaryFolder()
    const other = credentialAt(makeCertificate(folder, 'other', { names: ['other.test'] }), { names: ['other.test'] })
    credentials = { certificates: [credentialAt(usualCertificate()), other], clientAuthorities: null }
  })
  after(() => folder.remove())

  async function start(settings: Partial<TlsSettings> = {}): Promise<void> {
    accepted = []
    served = await ServedByTls.start({ credentials, settings })
    served.accept = (transport) => {
      accepted.push(transport.security)
      const nothing = (): void => undefined
      transport.start({ octets: nothing, ended: () => transport.close(), drained: nothing, closed: nothing })
    }
  }
  afterEach(async () => {
    served.giveUpAll()
    await served.close()
  })

  /** Waits for these outcomes, and checks that there are no others. */
  const haveEnded = (...outcomes: HandshakeOutcome[]): Promise<void> =>
    eventually(
      `${outcomes.join()}, found ${served.outcomes.join()}`,
      () => served.outcomes.length >= outcomes.length,
    ).then(() => assert.deepEqual(served.outcomes, outcomes))

  /** Connects a peer that sends this text. */
  async function sending(text: string): Promise<Socket> {
    const [socket, before] = [await served.plain(), served.listener.handshakes]
    socket.on('error', () => undefined).resume()
    socket.write(text, 'latin1')
    await eventually('the handshake begins', () => served.listener.handshakes >= before)
    return socket
  }

  it('make transports with a description of their security', async () => {
    await start()
    const socket = await served.secured({ servername: 'Localhost' })
    await haveEnded('full')
    const suite = 'TLS_AES_128_GCM_SHA256'
    const rest = { resumed: false, client: null, clientProblem: null }
    assert.deepEqual(accepted, [{ protocol: 'TLSv1.3', suite, serverName: 'localhost', ...rest }])
    assert.equal(served.listener.handshakes, 0)
    socket.destroy()
  })

  it('show the certificate for the requested server name, or else the first', async () => {
    await start()
    for (const [servername, subject] of [
      ['other.test', 'other.test'],
      ['OTHER.test', 'other.test'],
      ['localhost', 'localhost'],
      ['unknown.test', 'localhost'],
    ] as const) {
      const socket = await served.secured({ servername })
      assert.equal(socket.getPeerCertificate().subject.CN, subject)
      socket.destroy()
    }
  })

  it('use new credentials for new connections, and keep the existing connections open', async () => {
    await start()
    const before = await served.secured()
    served.listener.credentials = { ...credentials, certificates: [credentials.certificates[1]!] }
    const later = await served.secured()
    assert.equal(later.getPeerCertificate().subject.CN, 'other.test')
    assert.isFalse(before.destroyed)
    for (const socket of [before, later]) socket.destroy()
  })

  it('keep their credentials when the platform refuses new ones', async () => {
    await start()
    const damaged = { ...credentials.certificates[0], chain: 'none' }
    assert.throws(() => (served.listener.credentials = { ...credentials, certificates: [damaged] }))
    assert.equal(served.listener.credentials, credentials)
    ;(await served.secured()).destroy()
  })

  describe('end without a TLS connection:', () => {
    it('plain, when the peer speaks HTTP', async () => {
      await start()
      const socket = await sending('GET / HTTP/1.1\r\n')
      await haveEnded('plain')
      assert.deepEqual(accepted, [null])
      socket.destroy()
    })

    const gone: [how: string, text: string, go: (socket: Socket) => void][] = [
      ['ends before it sends anything', '', (socket) => socket.end()],
      ['is reset before it sends anything', '', (socket) => socket.resetAndDestroy()],
      ['ends inside its client hello', HELLO_BEGUN, (socket) => socket.end()],
      ['is reset inside its client hello', HELLO_BEGUN, (socket) => socket.resetAndDestroy()],
    ]
    for (const [how, text, go] of gone) {
      it(`aborted, when the peer ${how}`, async () => {
        await start()
        go(await sending(text))
        await haveEnded('aborted')
        assert.equal(served.listener.handshakes, 0)
      })
    }

    it('aborted, when the peer leaves before the handshake is complete', async () => {
      await start()
      // In TLS 1.3 the client completes first; its last message is not sent any more.
      const socket = await served.secured()
      socket.destroy()
      await haveEnded('aborted')
      assert.deepEqual([served.listener.handshakes, accepted], [0, []])
    })

    it('failed, when the octets are not TLS', async () => {
      await start()
      await sending(GARBAGE)
      await haveEnded('failed')
    })

    it('failed, when client and server support no common version', async () => {
      await start({ minVersion: 'TLSv1.3' })
      const [error] = await Promise.allSettled([served.secured({ maxVersion: 'TLSv1.2' })])
      assert.equal(error.status, 'rejected')
      await haveEnded('failed')
    })

    it('timed out, whether or not a part of the client hello has arrived', async () => {
      await start({ handshakeTimeoutMs: 1000 })
      const sockets = [await sending(''), await sending(HELLO_BEGUN)]
      await eventually('both are in progress', () => served.listener.handshakes === 2)
      served.clock.advance(1000 - SWEEP_MS)
      assert.deepEqual(served.outcomes, [])
      const closed = sockets.map(closeOf)
      served.clock.advance(SWEEP_MS)
      await haveEnded('timed-out', 'timed-out')
      for (const socket of sockets) socket.end()
      await Promise.all(closed)
    })
  })

  describe('at the limit of their number', () => {
    it('are refused', async () => {
      await start({ maxHandshakes: 1 })
      const first = await sending('')
      await eventually('it is in progress', () => served.listener.handshakes === 1)
      // The reset may arrive before the peer knows that it is connected.
      await sending('').catch(() => undefined)
      await haveEnded('no-room')
      assert.isFalse(first.destroyed)
    })

    it('replace the oldest when that is older than the grace period', async () => {
      await start({ maxHandshakes: 1 })
      const first = await sending(HELLO_BEGUN)
      await eventually('it is in progress', () => served.listener.handshakes === 1)
      const closed = closeOf(first)
      served.clock.advance(1000)
      const socket = await served.secured()
      await closed
      await haveEnded('no-room', 'full')
      socket.destroy()
    })
  })

  describe('when their listener closes', () => {
    it('continue, except those whose peer has sent nothing', async () => {
      await start()
      await sending('')
      await eventually('it is in progress', () => served.listener.handshakes === 1)
      const begun = await sending(HELLO_BEGUN)
      await eventually('both are in progress', () => served.listener.handshakes === 2)
      await new Promise((resolve) => setTimeout(resolve, 20))
      let isClosed = false
      const closed = served.close().then(() => (isClosed = true))
      await haveEnded('aborted')
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.isFalse(isClosed)
      begun.end()
      await closed
      assert.deepEqual(served.outcomes, ['aborted', 'aborted'])
    })

    it('are given up after the grace period', async () => {
      await start()
      await sending(HELLO_BEGUN)
      await eventually('it is in progress', () => served.listener.handshakes === 1)
      let isClosed = false
      const closed = served.close().then(() => (isClosed = true))
      await eventually('all have ended', () => {
        served.clock.advance(SWEEP_MS)
        return isClosed
      })
      await closed
      assert.deepEqual(served.outcomes, ['aborted'])
      assert.isBelow(served.clock.now(), DEFAULT_SETTINGS.tls.handshakeTimeoutMs)
    })

    it('are given up at once by giveUpAll()', async () => {
      await start()
      await sending(HELLO_BEGUN)
      await eventually('it is in progress', () => served.listener.handshakes === 1)
      const closed = served.close()
      served.giveUpAll()
      await closed
      assert.equal(served.listener.handshakes, 0)
    })
  })
})
