import type { Settings } from '../../ports/operations/settings.js'
import type { Address, ListenerName, Listening } from '../../ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../ports/workers/worker-processes.js'
import { LISTENER_NAMES, wantedAddresses } from '../server/addresses.js'

/** A listener of the supervisor: the address that the settings name, and what is bound for it. */
export interface BoundListener {
  readonly wanted: Address
  readonly listening: Listening
}

/** The listeners of one generation of workers; `null` for those that its settings do not ask for. */
export type BoundListeners = Readonly<Record<ListenerName, BoundListener | null>>

/** Before the first generation. */
export const NO_LISTENERS: BoundListeners = { http: null, https: null, admin: null }

/** Receives the connections of one listener. */
export type AcceptConnection = (listener: ListenerName, connection: HandedConnection) => void

/** Binds the addresses of a service for its workers. An address that new settings name again stays bound. */
export class SupervisorListeners {
  private readonly open = new Set<Listening>()
  private closing: Promise<unknown> | null = null

  constructor(
    private readonly acceptor: Acceptor,
    private readonly accept: AcceptConnection,
  ) {}

  /**
   * Binds the addresses that the settings name.
   *
   * @param bound the listeners of the current generation, of which those with the same address are used again
   * @throws {ListenError} when it cannot listen at one of the addresses; then no new listener stays open
   */
  async bind(settings: Settings, bound: BoundListeners): Promise<BoundListeners> {
    const wanted = wantedAddresses(settings)
    const listeners: Record<ListenerName, BoundListener | null> = { ...NO_LISTENERS }
    try {
      for (const name of LISTENER_NAMES) listeners[name] = await this.bindOne(name, wanted[name], bound[name])
    } catch (error) {
      await this.closeUnused(listeners, bound)
      throw error
    }
    return listeners
  }

  /** Closes those of `listeners` that are not among `used`. */
  async closeUnused(listeners: BoundListeners, used: BoundListeners): Promise<void> {
    for (const name of LISTENER_NAMES) {
      const listener = listeners[name]
      if (listener !== null && listener !== used[name]) await this.close(listener.listening)
    }
  }

  /** Closes all listeners; further calls wait for the first. */
  closeAll(): Promise<unknown> {
    return (this.closing ??= Promise.all([...this.open].map((listening) => this.close(listening))))
  }

  private async bindOne(
    name: ListenerName,
    wanted: Address | null,
    bound: BoundListener | null,
  ): Promise<BoundListener | null> {
    if (wanted === null) return null
    if (bound !== null && bound.wanted.host === wanted.host && bound.wanted.port === wanted.port) return bound
    const listening = await this.acceptor.listen(wanted, (connection) => this.accept(name, connection))
    this.open.add(listening)
    return { wanted, listening }
  }

  private async close(listening: Listening): Promise<void> {
    await listening.close()
    this.open.delete(listening)
  }
}
