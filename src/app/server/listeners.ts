import type { Address, Addresses, Listener, Listening, ListenerName, Transport } from '../../ports/serving/transport.js'
import { LISTENER_NAMES, perListener } from './addresses.js'

/** A listener that is open. */
export interface OpenListener {
  readonly name: ListenerName
  readonly address: Address
}

/** The open listeners of a server. */
export class OpenListeners {
  private readonly listening: Record<ListenerName, Listening | null> = perListener(() => null)

  /**
   * Starts to listen at an address.
   *
   * @param accept receives each new connection
   * @returns where it really listens
   * @throws {ListenError} when it cannot
   */
  async listen(
    name: ListenerName,
    listener: Listener,
    address: Address,
    accept: (transport: Transport) => void,
  ): Promise<Address> {
    const listening = await listener.listen(address, accept)
    this.listening[name] = listening
    return listening.address
  }

  get addresses(): Addresses {
    return perListener((name) => this.listening[name]?.address ?? null)
  }

  /** The open listeners in the order of `LISTENER_NAMES`. */
  get all(): readonly OpenListener[] {
    return LISTENER_NAMES.flatMap((name) => {
      const listening = this.listening[name]
      return listening === null ? [] : [{ name, address: listening.address }]
    })
  }

  /** Closes all of them. Resolves when every connection that was being accepted has arrived or was given up. */
  async close(): Promise<void> {
    await Promise.all(this.open.map((listening) => listening.close()))
  }

  /** Gives up the connections that are being accepted. */
  giveUpAll(): void {
    for (const listening of this.open) listening.giveUpAll()
  }

  private get open(): readonly Listening[] {
    return Object.values(this.listening).filter((listening) => listening !== null)
  }
}
