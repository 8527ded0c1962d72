import { deferred } from '../../domain/deferred.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { Addresses, ListenerName } from '../../ports/serving/transport.js'
import type { HandedConnection, HandedConnections, SupervisorChannel } from '../../ports/workers/worker-processes.js'
import { LISTENER_NAMES } from '../server/addresses.js'

type Accept = (connection: HandedConnection) => void

/** A connection for which the worker waits for the answer to its claim. */
interface Claimed {
  readonly listener: ListenerName
  readonly connection: HandedConnection
}

/**
 * Receives the connections that the supervisor hands off to this worker, from all of its listeners.
 *
 * A connection that arrives while it is fresh is accepted at once. A connection that lay unread for a while, because
 * the event loop was blocked, may have gone to another worker: the receiver claims it, and waits for the answer.
 */
export class ConnectionReceiver {
  private readonly claimed = new Map<number, Claimed>()
  private readonly accepts = new Map<ListenerName, Accept>()
  /** Whether the supervisor sends no more connections. */
  private isClosed = false
  private hasAskedToClose = false
  private readonly empty = deferred()

  constructor(
    private readonly channel: SupervisorChannel,
    private readonly clock: Clock,
    private readonly addresses: Addresses,
  ) {}

  /** The connections of one listener. They begin to arrive when every listener has been opened. */
  at(listener: ListenerName): HandedConnections {
    return {
      address: this.addresses[listener]!,
      open: (accept) => this.open(listener, accept),
      close: () => this.close(),
    }
  }

  /**
   * A connection has arrived.
   *
   * @param connection null when its peer disconnected while it was on its way
   */
  received(number: number, listener: ListenerName, freshUntil: number, connection: HandedConnection | null): void {
    if (connection === null) return this.channel.send({ kind: 'accepted', connection: number })
    if (this.clock.machine() <= freshUntil) {
      this.channel.send({ kind: 'accepted', connection: number })
      this.accept(listener, connection)
    } else {
      this.claimed.set(number, { listener, connection })
      this.channel.send({ kind: 'claim', connection: number })
    }
  }

  /** The supervisor has answered a claim. */
  claimAnswered(number: number, granted: boolean): void {
    const claimed = this.claimed.get(number)
    if (claimed === undefined) return
    this.claimed.delete(number)
    if (granted) this.accept(claimed.listener, claimed.connection)
    // Closes only our copy: another worker has its own.
    else claimed.connection.release()
    this.finishWhenEmpty()
  }

  /** No connection follows. */
  closed(): void {
    this.isClosed = true
    this.finishWhenEmpty()
  }

  /** The supervisor has died, so that nobody answers the claims. */
  lost(): void {
    for (const { connection } of this.claimed.values()) connection.release()
    this.claimed.clear()
    this.closed()
  }

  /** After a reload that removes a listener, the supervisor may still have connections of it: they are closed. */
  private accept(listener: ListenerName, connection: HandedConnection): void {
    const accept = this.accepts.get(listener)
    if (accept === undefined) connection.release()
    else accept(connection)
  }

  private open(listener: ListenerName, accept: Accept): void {
    this.accepts.set(listener, accept)
    const bound = LISTENER_NAMES.filter((name) => this.addresses[name] !== null)
    if (bound.every((name) => this.accepts.has(name))) this.channel.send({ kind: 'open' })
  }

  private close(): Promise<void> {
    if (!this.isClosed && !this.hasAskedToClose) this.channel.send({ kind: 'close' })
    this.hasAskedToClose = true
    this.finishWhenEmpty()
    return this.empty.promise
  }

  private finishWhenEmpty(): void {
    if (this.isClosed && this.claimed.size === 0) this.empty.resolve()
  }
}
