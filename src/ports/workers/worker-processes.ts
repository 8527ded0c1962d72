import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { GroupCounts } from './worker-group.js'
import type { MetricsCounts, WorkersMetrics } from '../operations/metrics.js'
import type { Settings } from '../operations/settings.js'
import type { SocketChoice } from '../serving/sockets.js'
import type { Credentials, TicketSeed } from '../operations/credentials.js'
import type { Address, Addresses, ListenerName, Listening } from '../serving/transport.js'

/** A connection as one process hands it to another. */
export interface HandedConnection {
  /** What the platform hands over; nobody but the adapters of sockets and processes looks inside. */
  readonly handle: unknown
  /** Gives our hold of it up: a process that has it too goes on with it. */
  release(): void
  /** Resets it: nobody will serve it. */
  abort(): void
}

/** Takes connections for others to serve. */
export interface Acceptor {
  /** @throws {ListenError} when the address cannot be had */
  listen(at: Address, arrived: (connection: HandedConnection) => void): Promise<Listening>
}

/** Where a worker is given its connections: the other side of one of the supervisor's doors. */
export interface HandedConnections {
  /** Where the supervisor listens. */
  readonly address: Address
  /** Connections may come from now on; each is the taker's own. */
  open(take: (connection: HandedConnection) => void): void
  /** Resolves when no connection is on its way any more; those that were still came. */
  close(): Promise<void>
}

/** What all workers secure connections by. */
export interface TlsMaterial {
  readonly credentials: Credentials
  readonly tickets: TicketSeed
}

/** What a worker needs to know to begin. */
export interface WorkerConfiguration {
  /** From 1. */
  readonly worker: number
  /** With its own share of what is for all workers together. */
  readonly settings: Settings
  /** Where the supervisor listens. */
  readonly addresses: Addresses
  /** `null` without HTTPS. */
  readonly secured: TlsMaterial | null
  readonly socket: SocketChoice
  /** As `Crew` has it. */
  readonly trouble: Trouble | null
  /** As they are when it begins. */
  readonly workers: WorkersMetrics
  /** Whether its logs end at a terminal. */
  readonly coloured: boolean
}

/** What the supervisor tells a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly configuration: WorkerConfiguration }
  /**
   * A connection to serve, which comes with it, from one of the doors. Who receives it up to `freshUntil`, in milliseconds of the machine, tells
   * that it is `taken`; later it may have been given to another, and has to be asked for.
   */
  | {
      readonly kind: 'connection'
      readonly connection: number
      readonly entry: ListenerName
      readonly freshUntil: number
    }
  /** The answer to `wanted`: to be served, or let go. */
  | { readonly kind: 'granted'; readonly connection: number; readonly granted: boolean }
  /** The answer to `shut`: no connection follows. */
  | { readonly kind: 'shut' }
  /** To be answered with `alive` and the same time, which is the supervisor's own. */
  | { readonly kind: 'heartbeat'; readonly askedMs: number }
  /** To be answered with `counted`. */
  | { readonly kind: 'count'; readonly query: number }
  /** The answer to `counts`. */
  | { readonly kind: 'group'; readonly query: number; readonly counts: GroupCounts }
  | { readonly kind: 'trouble'; readonly trouble: Trouble | null }
  /** For new connections from now on. */
  | { readonly kind: 'renewal'; readonly credentials: Credentials }
  | { readonly kind: 'drain' }
  /** Another has taken the worker's place. */
  | { readonly kind: 'retire' }

/** What a worker tells the supervisor. */
export type FromWorker =
  /** It takes connections. */
  | { readonly kind: 'open' }
  /** It serves. */
  | { readonly kind: 'ready' }
  /** It cannot serve, for this reason, and ends. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'taken'; readonly connection: number }
  /** Asks for a connection that came late. */
  | { readonly kind: 'wanted'; readonly connection: number }
  /** It wants no more connections, and waits to hear that none follows. */
  | { readonly kind: 'shut' }
  /** It has looked at all that was sent before it was asked, and answered what was to be answered. */
  | { readonly kind: 'alive'; readonly askedMs: number }
  | { readonly kind: 'counted'; readonly query: number; readonly counts: MetricsCounts }
  /** Asks what all have counted, and tells its own part. */
  | { readonly kind: 'counts'; readonly query: number; readonly own: MetricsCounts }
  /** Its drain is over, and it ends; its last counts. */
  | { readonly kind: 'done'; readonly report: DrainReport; readonly counts: MetricsCounts }

/** How a process ended. */
export interface ProcessEnd {
  /** `null` when a signal ended it. */
  readonly code: number | null
  /** Such as `SIGKILL`; `null` when it ended by itself. */
  readonly signal: string | null
}

/** What a worker's process tells the one who started it. */
export interface WorkerEvents {
  received(message: FromWorker): void
  /** The last call. */
  ended(end: ProcessEnd): void
}

/** A worker's process. After its end every verb is a no-op. */
export interface WorkerProcess {
  /** 0 when it could not even be started, of which `ended` tells. */
  readonly pid: number
  send(message: ToWorker): void
  /** Hands a connection over; it stays ours too, until it is released. */
  handOff(message: ToWorker, connection: HandedConnection): void
  /** Ends it at once. */
  kill(): void
}

/** Starts worker processes. What they write to their standard output goes to the log. */
export interface WorkerProcesses {
  /**
   * @param events called in later turns only
   * @param orphanedMs how long it may live on when this process is gone; it is ended then, where the platform can
   */
  start(events: WorkerEvents, orphanedMs: number): WorkerProcess
}

/** What a worker hears. */
export interface WorkerReceiver {
  /** @param connection with `connection` only; null also there when it was lost on its way */
  received(message: ToWorker, connection: HandedConnection | null): void
  /** The supervisor is gone. The last call. */
  lost(): void
}

/** A worker's line to its supervisor. */
export interface SupervisorChannel {
  /** Called once, before anything else. */
  begin(receiver: WorkerReceiver): void
  /** A no-op when the supervisor is gone. */
  send(message: FromWorker): void
  /** Resolves when all that was told has left, or never will. */
  close(): Promise<void>
}
