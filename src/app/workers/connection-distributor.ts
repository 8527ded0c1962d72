import { RoundRobin } from '../../domain/workers/round-robin.js'
import { WaitingQueue } from '../../domain/workers/waiting-queue.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { ListenerName } from '../../ports/serving/transport.js'
import type { HandedConnection } from '../../ports/workers/worker-processes.js'
import type { WorkerHandle } from './worker-handle.js'

/**
 * How long a worker may take a connection without asking; then how long until it is given to another one, who has to
 * ask as well. The gap between the two is for a worker that stands still just between looking at the clock and telling:
 * one that does so for longer than that serves what was granted to another.
 */
const FRESH_MS = 200
const LATE_MS = 500

/** Connections that wait while no worker can take them. */
const MOST_WAITING = 1024
const LONGEST_WAIT_MS = 5000

/** A connection that has come to one of the doors. */
interface PendingConnection {
  readonly number: number
  readonly connection: HandedConnection
  readonly entry: ListenerName
  readonly sinceMs: number
  /** Whether somebody was given it before, and may still take it. */
  mustAsk: boolean
  /** Whether it has found somebody, or was given up. */
  isSettled: boolean
}

/**
 * Gives the connections that arrive at the door to the workers, one after the other.
 *
 * Each is held here until a worker has told that it serves it. Those of a worker that died, or is late to tell, or never
 * got them, are given to another; whichever asks first gets it then. While no worker can take any they wait, so many and
 * so long, and are reset.
 */
export class ConnectionDistributor {
  private readonly roundRobin = new RoundRobin(LATE_MS)
  private readonly members = new Map<number, WorkerHandle>()
  /** Those that are not settled. */
  private readonly arrivals = new Map<number, PendingConnection>()
  /** Some of them, and some that were settled since. */
  private readonly waiting = new WaitingQueue<PendingConnection>(MOST_WAITING, LONGEST_WAIT_MS)
  private count = 0

  constructor(private readonly clock: Clock) {}

  /** A connection has come to a door. */
  distribute(entry: ListenerName, connection: HandedConnection): void {
    const sinceMs = this.clock.now()
    const arrival: PendingConnection = {
      number: ++this.count,
      connection,
      entry,
      sinceMs,
      mustAsk: false,
      isSettled: false,
    }
    this.arrivals.set(arrival.number, arrival)
    this.place(arrival)
  }

  /** A worker takes connections from now on. */
  joined(member: WorkerHandle): void {
    this.members.set(member.key, member)
    this.roundRobin.ready(member.key)
    this.letIn()
  }

  /** A worker is given no more; it serves those that were on their way to it. */
  retired(member: WorkerHandle): void {
    this.roundRobin.retired(member.key)
  }

  /** A worker is dead. */
  died(member: WorkerHandle): void {
    this.members.delete(member.key)
    for (const connection of this.roundRobin.gone(member.key)) this.handAgain(connection)
  }

  /** A worker serves a connection. */
  taken(member: WorkerHandle, connection: number): void {
    this.roundRobin.acknowledged(member.key, connection)
    this.settle(this.arrivals.get(connection))?.release()
    this.letIn()
  }

  /** A worker asks for a connection that came late. */
  wanted(member: WorkerHandle, connection: number): void {
    this.roundRobin.acknowledged(member.key, connection)
    const settled = this.settle(this.arrivals.get(connection))
    settled?.release()
    member.send({ kind: 'granted', connection, granted: settled !== null })
    this.letIn()
  }

  /** A worker has looked at all that it was sent before this time. */
  looked(member: WorkerHandle, sentMs: number): void {
    for (const connection of this.roundRobin.looked(member.key, sentMs)) this.handAgain(connection)
    this.letIn()
  }

  /** To be called every so often. */
  sweep(): void {
    const now = this.clock.now()
    for (const key of this.roundRobin.late(now))
      for (const connection of this.roundRobin.takeBack(key)) this.handAgain(connection)
    for (const arrival of this.waiting.overdue(now)) this.settle(arrival)?.abort()
  }

  /** Gives up what no worker has taken. */
  close(): void {
    for (const arrival of [...this.arrivals.values()]) this.settle(arrival)?.abort()
  }

  /** Whose turn it is; null when nobody can take a connection now. */
  private next(): WorkerHandle | null {
    const key = this.roundRobin.next(this.clock.now())
    return key === null ? null : this.members.get(key)!
  }

  private place(arrival: PendingConnection): void {
    const member = this.next()
    if (member !== null) this.hand(member, arrival)
    else if (!this.waiting.join(arrival, this.clock.now())) this.settle(arrival)?.abort()
  }

  private hand(member: WorkerHandle, { number, connection, entry, mustAsk }: PendingConnection): void {
    const freshUntil = mustAsk ? 0 : this.clock.machine() + FRESH_MS
    this.roundRobin.handed(member.key, number, this.clock.now())
    member.handOff({ kind: 'connection', connection: number, entry, freshUntil }, connection)
  }

  private handAgain(number: number): void {
    const arrival = this.arrivals.get(number)
    if (arrival === undefined) return
    // Lost on its way to one worker after the other, it would go round without end.
    if (this.clock.now() - arrival.sinceMs >= LONGEST_WAIT_MS) return this.settle(arrival)?.abort()
    arrival.mustAsk = true
    this.place(arrival)
  }

  /** @returns the connection of an arrival that was not settled before */
  private settle(arrival: PendingConnection | undefined): HandedConnection | null {
    if (arrival === undefined || arrival.isSettled) return null
    arrival.isSettled = true
    this.arrivals.delete(arrival.number)
    return arrival.connection
  }

  private letIn(): void {
    while (this.waiting.length > 0 && this.next() !== null) {
      const arrival = this.waiting.next()!
      if (!arrival.isSettled) this.place(arrival)
    }
  }
}
