import type { Clock } from '../../ports/operations/clock.js'
import type { Addresses, ListenerName } from '../../ports/serving/transport.js'
import type { HandedConnection, HandedConnections, SupervisorChannel } from '../../ports/workers/worker-processes.js'
import { LISTENER_NAMES } from '../server/addresses.js'

type Take = (connection: HandedConnection) => void

/** A connection that was asked for. */
interface Asked {
  readonly entry: ListenerName
  readonly connection: HandedConnection
}

/**
 * The connections that the supervisor hands to this worker, from all of its doors.
 *
 * One that arrives while it is fresh is served at once, and the supervisor told so. One that lay before us for a while,
 * since our event loop stood still, may have been given to another meanwhile: it is asked for first.
 */
export class ConnectionReceiver {
  /** Connections asked for, by their numbers. */
  private readonly asked = new Map<number, Asked>()
  private readonly takers = new Map<ListenerName, Take>()
  private isShut = false
  private hasToldShut = false
  private readonly tellShut: (() => void)[] = []

  constructor(
    private readonly channel: SupervisorChannel,
    private readonly clock: Clock,
    private readonly addresses: Addresses,
  ) {}

  /** What comes from one door. Connections come when every door has one who takes them. */
  at(entry: ListenerName): HandedConnections {
    return {
      address: this.addresses[entry]!,
      open: (take) => this.open(entry, take),
      close: () => this.close(),
    }
  }

  /** A connection came; null when its peer has left while it was under way. */
  received(number: number, entry: ListenerName, freshUntil: number, connection: HandedConnection | null): void {
    if (connection === null) return this.channel.send({ kind: 'taken', connection: number })
    if (this.clock.machine() <= freshUntil) {
      this.channel.send({ kind: 'taken', connection: number })
      this.takers.get(entry)!(connection)
    } else {
      this.asked.set(number, { entry, connection })
      this.channel.send({ kind: 'wanted', connection: number })
    }
  }

  /** The answer to what was asked for. */
  granted(number: number, granted: boolean): void {
    const asked = this.asked.get(number)
    if (asked === undefined) return
    this.asked.delete(number)
    if (granted) this.takers.get(asked.entry)!(asked.connection)
    // Our hold of it; another process has one, too.
    else asked.connection.release()
    this.tellWhenEmpty()
  }

  /** No connection follows: the supervisor says so, or is gone. */
  shut(): void {
    this.isShut = true
    this.tellWhenEmpty()
  }

  /** The supervisor is gone, and with it whoever could grant what was asked for. */
  lost(): void {
    for (const { connection } of this.asked.values()) connection.release()
    this.asked.clear()
    this.shut()
  }

  private open(entry: ListenerName, take: Take): void {
    this.takers.set(entry, take)
    const doors = LISTENER_NAMES.filter((each) => this.addresses[each] !== null)
    if (doors.every((each) => this.takers.has(each))) this.channel.send({ kind: 'open' })
  }

  private close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.tellShut.push(resolve))
    if (!this.isShut && !this.hasToldShut) this.channel.send({ kind: 'shut' })
    this.hasToldShut = true
    this.tellWhenEmpty()
    return closed
  }

  private tellWhenEmpty(): void {
    if (this.isShut && this.asked.size === 0) for (const tell of this.tellShut) tell()
  }
}
