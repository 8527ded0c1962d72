import type { Socket } from 'node:net'
import { assert } from 'chai'
import { after, afterEach, before, it } from 'mocha'
import type { Credentials } from '../../../src/ports/operations/credentials.js'
import type { HandshakeOutcome } from '../../../src/ports/operations/metrics.js'
import type { TlsSettings } from '../../../src/ports/operations/settings.js'
import type { Security } from '../../../src/ports/serving/transport.js'
import { until } from '../../contract/transport.js'
import { usualCertificate } from '../../end-to-end/support/certificate.js'
import { makeCertificate } from '../../end-to-end/support/certificates.js'
import { TemporaryFolder } from '../../end-to-end/support/folder.js'
import { describeWithOpenssl } from '../../end-to-end/support/openssl.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { credentialAt, ServedByTls } from './served-by-tls.js'

/** The beginning of a hello: its record says that more follows. */
const HELLO_BEGUN = '\x16\x03\x01\x02\x00\x01'
/** A record that TLS makes nothing of. */
const GARBAGE = '\x16\x03\x01\x00\x04\xff\xff\xff\xff'
const SWEEP_MS = 250

const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

describeWithOpenssl('Handshakes', () => {
  let folder: TemporaryFolder
  let credentials: Credentials
  let served: ServedByTls
  /** How the connections that were accepted are secured; `null` for plain ones. */
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
    served.cut()
    await served.close()
  })

  const told = (...outcomes: HandshakeOutcome[]): Promise<void> =>
    until(`${outcomes.join()}, found ${served.outcomes.join()}`, () => served.outcomes.length >= outcomes.length).then(
      () => assert.deepEqual(served.outcomes, outcomes),
    )

  /** A peer that has said this, which the listener has heard. */
  async function saying(text: string): Promise<Socket> {
    const [socket, before] = [await served.plain(), served.listener.handshakes]
    socket.on('error', () => undefined).resume()
    socket.write(text, 'latin1')
    await until('the handshake begins', () => served.listener.handshakes >= before)
    return socket
  }

  it('make transports that know how they are secured', async () => {
    await start()
    const socket = await served.secured({ servername: 'Localhost' })
    await told('full')
    const suite = 'TLS_AES_128_GCM_SHA256'
    const rest = { resumed: false, client: null, clientProblem: null }
    assert.deepEqual(accepted, [{ protocol: 'TLSv1.3', suite, serverName: 'localhost', ...rest }])
    assert.equal(served.listener.handshakes, 0)
    socket.destroy()
  })

  it('show the certificate of the name that is asked for, else the first', async () => {
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

  it('secure new connections by new credentials, and leave those that are there', async () => {
    await start()
    const before = await served.secured()
    served.listener.credentials = { ...credentials, certificates: [credentials.certificates[1]!] }
    const later = await served.secured()
    assert.equal(later.getPeerCertificate().subject.CN, 'other.test')
    assert.isFalse(before.destroyed)
    for (const socket of [before, later]) socket.destroy()
  })

  it('keep the credentials that they have when the platform refuses others', async () => {
    await start()
    const damaged = { ...credentials.certificates[0], chain: 'none' }
    assert.throws(() => (served.listener.credentials = { ...credentials, certificates: [damaged] }))
    assert.equal(served.listener.credentials, credentials)
    ;(await served.secured()).destroy()
  })

  describe('come to an end without TLS:', () => {
    it('plain, for a peer that speaks HTTP', async () => {
      await start()
      const socket = await saying('GET / HTTP/1.1\r\n')
      await told('plain')
      assert.deepEqual(accepted, [null])
      socket.destroy()
    })

    const gone: [how: string, text: string, go: (socket: Socket) => void][] = [
      ['ends before it says anything', '', (socket) => socket.end()],
      ['is reset before it says anything', '', (socket) => socket.resetAndDestroy()],
      ['ends inside its hello', HELLO_BEGUN, (socket) => socket.end()],
      ['is reset inside its hello', HELLO_BEGUN, (socket) => socket.resetAndDestroy()],
    ]
    for (const [how, text, go] of gone) {
      it(`aborted, when the peer ${how}`, async () => {
        await start()
        go(await saying(text))
        await told('aborted')
        assert.equal(served.listener.handshakes, 0)
      })
    }

    it('aborted, when the peer leaves before it has finished', async () => {
      await start()
      // In TLS 1.3 the client is done first; what it says last does not leave it any more.
      const socket = await served.secured()
      socket.destroy()
      await told('aborted')
      assert.deepEqual([served.listener.handshakes, accepted], [0, []])
    })

    it('failed, when TLS makes nothing of what comes', async () => {
      await start()
      await saying(GARBAGE)
      await told('failed')
    })

    it('failed, when nothing that both speak is left', async () => {
      await start({ minVersion: 'TLSv1.3' })
      const [error] = await Promise.allSettled([served.secured({ maxVersion: 'TLSv1.2' })])
      assert.equal(error.status, 'rejected')
      await told('failed')
    })

    it('timed out, whatever of the hello has come', async () => {
      await start({ handshakeTimeoutMs: 1000 })
      const sockets = [await saying(''), await saying(HELLO_BEGUN)]
      await until('both are there', () => served.listener.handshakes === 2)
      served.clock.advance(1000 - SWEEP_MS)
      assert.deepEqual(served.outcomes, [])
      const closed = sockets.map(closeOf)
      served.clock.advance(SWEEP_MS)
      await told('timed-out', 'timed-out')
      for (const socket of sockets) socket.end()
      await Promise.all(closed)
    })
  })

  describe('when there is no room', () => {
    it('are refused', async () => {
      await start({ maxHandshakes: 1 })
      const first = await saying('')
      await until('it is there', () => served.listener.handshakes === 1)
      // It may be reset before it knows that it is connected.
      await saying('').catch(() => undefined)
      await told('no-room')
      assert.isFalse(first.destroyed)
    })

    it('take the place of the oldest when that has had its time', async () => {
      await start({ maxHandshakes: 1 })
      const first = await saying(HELLO_BEGUN)
      await until('it is there', () => served.listener.handshakes === 1)
      const closed = closeOf(first)
      served.clock.advance(1000)
      const socket = await served.secured()
      await closed
      await told('no-room', 'full')
      socket.destroy()
    })
  })

  describe('at the end of their listener', () => {
    it('go on, but for those that have said nothing', async () => {
      await start()
      await saying('')
      await until('it is there', () => served.listener.handshakes === 1)
      const begun = await saying(HELLO_BEGUN)
      await until('both are there', () => served.listener.handshakes === 2)
      await new Promise((resolve) => setTimeout(resolve, 20))
      let isClosed = false
      const closed = served.close().then(() => (isClosed = true))
      await told('aborted')
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.isFalse(isClosed)
      begun.end()
      await closed
      assert.deepEqual(served.outcomes, ['aborted', 'aborted'])
    })

    it('are given up when an honest peer would be through', async () => {
      await start()
      await saying(HELLO_BEGUN)
      await until('it is there', () => served.listener.handshakes === 1)
      let isClosed = false
      const closed = served.close().then(() => (isClosed = true))
      await until('all are gone', () => {
        served.clock.advance(SWEEP_MS)
        return isClosed
      })
      await closed
      assert.deepEqual(served.outcomes, ['aborted'])
      assert.isBelow(served.clock.now(), DEFAULT_SETTINGS.tls.handshakeTimeoutMs)
    })

    it('are given up when they are cut', async () => {
      await start()
      await saying(HELLO_BEGUN)
      await until('it is there', () => served.listener.handshakes === 1)
      const closed = served.close()
      served.cut()
      await closed
      assert.equal(served.listener.handshakes, 0)
    })
  })
})
