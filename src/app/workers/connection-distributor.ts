import { RoundRobin } from '../../domain/workers/round-robin.js'
import { WaitingQueue } from '../../domain/workers/waiting-queue.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { ListenerName } from '../../ports/serving/transport.js'
import type { HandedConnection } from '../../ports/workers/worker-processes.js'
import type { WorkerHandle } from './worker-handle.js'

/** Limits of the distribution; times are milliseconds. */
export interface DistributionRules {
  /** How long after the hand-off a worker may serve a connection without a claim. */
  readonly freshMs: number
  /**
   * How long a worker may take to acknowledge a connection before another worker gets it, which must claim it.
   *
   * A worker checks `freshMs` and then sends `accepted`. If it pauses in between for longer than `lateMs - freshMs`, two
   * workers may serve the same connection.
   */
  readonly lateMs: number
  /** How many connections may wait while no worker can serve them. */
  readonly maxWaiting: number
  /** How long a connection may wait, or be handed from one worker to another, before it is reset. */
  readonly maxWaitMs: number
}

const DISTRIBUTION_RULES: DistributionRules = { freshMs: 200, lateMs: 500, maxWaiting: 1024, maxWaitMs: 5000 }

/** A connection that no worker has accepted yet. */
interface PendingConnection {
  readonly number: number
  readonly connection: HandedConnection
  readonly listener: ListenerName
  readonly sinceMs: number
  /** Whether the next worker must ask the supervisor before it serves the connection. True after the first hand-off. */
  mustClaim: boolean
  /** Whether a worker has accepted it, or it was reset. */
  isSettled: boolean
}

/**
 * Distributes the connections of the listeners among the workers, round robin.
 *
 * The supervisor holds each connection until a worker has accepted it. When that worker dies, is late, or never receives
 * the connection, the connection goes to another worker; the first to claim it serves it. While no worker can serve it,
 * a connection waits in a bounded queue; after `maxWaitMs` it is reset.
 */
export class ConnectionDistributor {
  private readonly roundRobin: RoundRobin
  private readonly workers = new Map<number, WorkerHandle>()
  /** All connections that are not settled. */
  private readonly pending = new Map<number, PendingConnection>()
  /** Connections without a worker, of which some may have been settled since. */
  private readonly waiting: WaitingQueue<PendingConnection>
  private count = 0

  constructor(
    private readonly clock: Clock,
    private readonly rules: DistributionRules = DISTRIBUTION_RULES,
  ) {
    this.roundRobin = new RoundRobin(rules.lateMs)
    this.waiting = new WaitingQueue(rules.maxWaiting, rules.maxWaitMs)
  }

  /** Gives a new connection to a worker. */
  distribute(listener: ListenerName, connection: HandedConnection): void {
    const sinceMs = this.clock.now()
    const pending: PendingConnection = {
      number: ++this.count,
      connection,
      listener,
      sinceMs,
      mustClaim: false,
      isSettled: false,
    }
    this.pending.set(pending.number, pending)
    this.assign(pending)
  }

  /** A worker accepts connections from now on. */
  add(worker: WorkerHandle): void {
    this.workers.set(worker.key, worker)
    this.roundRobin.add(worker.key)
    this.assignWaiting()
  }

  /** A worker gets no more connections; it still serves those that are on their way. */
  retire(worker: WorkerHandle): void {
    this.roundRobin.retire(worker.key)
  }

  /** A worker has died: the connections that it has not accepted go to other workers. */
  remove(worker: WorkerHandle): void {
    this.workers.delete(worker.key)
    for (const lost of this.roundRobin.remove(worker.key)) this.reassign(lost)
  }

  /** A worker serves a connection. */
  accepted(worker: WorkerHandle, connectionNumber: number): void {
    this.roundRobin.acknowledged(worker.key, connectionNumber)
    this.settle(this.pending.get(connectionNumber))?.release()
    this.assignWaiting()
  }

  /** A worker asks whether it may serve a connection that was no longer fresh. The first worker to ask may. */
  claimRequested(worker: WorkerHandle, connectionNumber: number): void {
    this.roundRobin.acknowledged(worker.key, connectionNumber)
    const settled = this.settle(this.pending.get(connectionNumber))
    settled?.release()
    worker.send({ kind: 'claim-answer', connection: connectionNumber, granted: settled !== null })
    this.assignWaiting()
  }

  /**
   * A worker has processed everything that was sent to it before `sentMs`. A connection from before `sentMs` that it has
   * not accepted was lost on the way, and goes to another worker.
   */
  caughtUp(worker: WorkerHandle, sentMs: number): void {
    for (const lost of this.roundRobin.caughtUp(worker.key, sentMs)) this.reassign(lost)
    this.assignWaiting()
  }

  /** Takes connections back from late workers, and resets those that have waited too long; called at a short interval. */
  sweep(): void {
    const now = this.clock.now()
    for (const key of this.roundRobin.late(now)) for (const late of this.roundRobin.takeBack(key)) this.reassign(late)
    for (const pending of this.waiting.takeOverdue(now)) this.settle(pending)?.abort()
  }

  /** Resets the connections that no worker has accepted. */
  close(): void {
    for (const pending of [...this.pending.values()]) this.settle(pending)?.abort()
  }

  /** The worker that gets the next connection; null when none can serve one now. */
  private nextWorker(): WorkerHandle | null {
    const key = this.roundRobin.nextWorker(this.clock.now())
    return key === null ? null : this.workers.get(key)!
  }

  private assign(pending: PendingConnection): void {
    const worker = this.nextWorker()
    if (worker !== null) this.handOff(worker, pending)
    else if (!this.waiting.add(pending, this.clock.now())) this.settle(pending)?.abort()
  }

  private handOff(worker: WorkerHandle, { number, connection, listener, mustClaim }: PendingConnection): void {
    // The worker compares `freshUntil` with its own clock, so it is on the machine's clock, which all processes share;
    // `now` is on the clock of this process. With 0 the connection is never fresh, and the worker must claim it.
    const freshUntil = mustClaim ? 0 : this.clock.machine() + this.rules.freshMs
    this.roundRobin.handedOff(worker.key, number, this.clock.now())
    worker.handOff({ kind: 'connection', connection: number, listener, freshUntil }, connection)
  }

  private reassign(number: number): void {
    const pending = this.pending.get(number)
    if (pending === undefined) return
    // A connection that every worker loses on its way would otherwise go around forever.
    if (this.clock.now() - pending.sinceMs >= this.rules.maxWaitMs) return this.settle(pending)?.abort()
    pending.mustClaim = true
    this.assign(pending)
  }

  /** @returns the connection, unless it was settled before */
  private settle(pending: PendingConnection | undefined): HandedConnection | null {
    if (pending === undefined || pending.isSettled) return null
    pending.isSettled = true
    this.pending.delete(pending.number)
    return pending.connection
  }

  private assignWaiting(): void {
    while (this.waiting.length > 0 && this.nextWorker() !== null) {
      const pending = this.waiting.shift()!
      if (!pending.isSettled) this.assign(pending)
    }
  }
}
