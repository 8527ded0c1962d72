import { connect } from 'node:tls'
import type { Transport, TransportReceiver } from '../../../src/ports/serving/transport.js'
import { transportContract, type TransportUnderTest } from '../../contract/transport.js'
import { usualCertificate } from '../../end-to-end/support/certificate.js'
import { SocketPeer } from '../socket/raw-peer.js'
import { CHUNK, credentialAt, ServedByTls } from './served-by-tls.js'

/** A TLS peer. It resets the TCP socket under its TLS. */
class TlsPeer extends SocketPeer {
  private constructor(
    socket: ConstructorParameters<typeof SocketPeer>[0],
    private readonly raw: typeof socket,
  ) {
    super(socket)
  }

  static async securely(served: ServedByTls): Promise<TlsPeer> {
    const raw = await served.plain()
    return new Promise((resolve, reject) => {
      const options = { socket: raw, servername: 'localhost', rejectUnauthorized: false, allowHalfOpen: true }
      const socket = connect(options, () => {
        const peer = new TlsPeer(socket, raw)
        // After the handshake the server still writes session tickets. A reset that crosses them would fail that write.
        socket.once('session', () => setImmediate(resolve, peer))
      })
      socket.once('error', reject)
    })
  }

  override reset(): void {
    this.raw.resetAndDestroy()
  }
}

transportContract('NetTransport over TLS, reading into a lent buffer,', () => subject(true))

transportContract('NetTransport over TLS, reading by events,', () => subject(false))

async function subject(lends: boolean): Promise<TransportUnderTest> {
  const credentials = { certificates: [credentialAt(usualCertificate())], clientAuthorities: null } as const
  const served = await ServedByTls.start({ credentials, parts: { lends } })
  return {
    highWaterMark: CHUNK,
    connect: async (receiver: (transport: Transport) => TransportReceiver) => {
      const accepted = new Promise<Transport>((resolve) => {
        served.accept = (transport) => {
          transport.start(receiver(transport))
          resolve(transport)
        }
      })
      const peer = await TlsPeer.securely(served)
      return { transport: await accepted, peer }
    },
    close: () => served.close(),
  }
}
