import type { Address, Transport, TransportReceiver } from '../../../src/ports/serving/transport.js'
import type { RawPeer } from '../../contract/transport.js'
import { SocketPeer } from './raw-peer.js'

/** Connects peers one at a time, and starts the transport that is accepted with the receiver given to `connect`. */
export class Accepting {
  accept: (transport: Transport) => void = () => undefined

  async connect(
    to: Address,
    receiver: (transport: Transport) => TransportReceiver,
  ): Promise<{ transport: Transport; peer: RawPeer }> {
    const accepted = new Promise<Transport>((resolve) => {
      this.accept = (transport) => {
        transport.start(receiver(transport))
        resolve(transport)
      }
    })
    const peer = await SocketPeer.to(to)
    return { transport: await accepted, peer }
  }
}
