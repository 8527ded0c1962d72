import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { GroupCounts } from './worker-group.js'
import type { MetricsCounts, WorkersMetrics } from '../operations/metrics.js'
import type { Settings } from '../operations/settings.js'
import type { SocketChoice } from '../serving/sockets.js'
import type { Credentials, TicketSeed } from '../operations/credentials.js'
import type { Address, Addresses, ListenerName, Listening } from '../serving/transport.js'

/** An accepted connection that one process hands off to another. */
export interface HandedConnection {
  /** The platform's object; only the adapters of sockets and of processes look inside. */
  readonly handle: unknown
  /** Closes our copy of the handle; other holders keep theirs. */
  release(): void
  /** Resets the connection: no process will serve it. */
  abort(): void
}

/** Accepts connections that other processes serve. */
export interface Acceptor {
  /** @throws {ListenError} when it cannot listen at the address */
  listen(at: Address, accept: (connection: HandedConnection) => void): Promise<Listening>
}

/** The connections that a worker receives from one listener of the supervisor. */
export interface HandedConnections {
  /** Where the supervisor listens. */
  readonly address: Address
  /** Accepts connections from now on; `accept` owns each connection that it is called with. */
  open(accept: (connection: HandedConnection) => void): void
  /** Asks for no more connections. Connections on their way still arrive; resolves after the last one. */
  close(): Promise<void>
}

/** Certificates and ticket keys, the same in all workers. */
export interface TlsMaterial {
  readonly credentials: Credentials
  readonly tickets: TicketSeed
}

/** Everything that a worker needs to start. */
export interface WorkerConfiguration {
  /** Worker number, from 1. */
  readonly worker: number
  /** Limits of the whole service are already divided by the number of workers. */
  readonly settings: Settings
  /** Where the supervisor listens. */
  readonly addresses: Addresses
  /** `null` without HTTPS. */
  readonly tlsMaterial: TlsMaterial | null
  readonly socket: SocketChoice
  /** The trouble of the group when the worker starts, see `WorkerGroup`. */
  readonly trouble: Trouble | null
  /** The state of the group when the worker starts. */
  readonly workers: WorkersMetrics
  /** Whether the logs go to a terminal. */
  readonly coloured: boolean
}

/** A message from the supervisor to a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly configuration: WorkerConfiguration }
  /**
   * Carries a connection of one of the listeners. Until `freshUntil` (milliseconds of `Clock.machine`) the worker may
   * serve it at once and answers `accepted`. Later the connection may have gone to another worker: `claim` asks.
   */
  | {
      readonly kind: 'connection'
      readonly connection: number
      readonly listener: ListenerName
      readonly freshUntil: number
    }
  /** Answers `claim`: the worker serves the connection when `granted`, and otherwise releases it. */
  | { readonly kind: 'claim-answer'; readonly connection: number; readonly granted: boolean }
  /** Answers `close`: no connection follows. */
  | { readonly kind: 'closed' }
  /** Asks for `alive` with the same time, which is of the supervisor's clock. */
  | { readonly kind: 'heartbeat'; readonly sentMs: number }
  /** Asks for `counts`. */
  | { readonly kind: 'count'; readonly query: number }
  /** Answers `group-count`. */
  | { readonly kind: 'group-counts'; readonly query: number; readonly counts: GroupCounts }
  | { readonly kind: 'trouble'; readonly trouble: Trouble | null }
  /** New connections use these credentials from now on. */
  | { readonly kind: 'renewal'; readonly credentials: Credentials }
  | { readonly kind: 'drain' }
  /** A successor is ready: the worker may finish its connections and end. */
  | { readonly kind: 'retire' }

/** A message from a worker to the supervisor. */
export type FromWorker =
  /** The worker accepts connections. */
  | { readonly kind: 'open' }
  /** The worker's server has started. */
  | { readonly kind: 'ready' }
  /** The server could not start, for this reason; the worker ends. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The worker serves the connection, or found that its peer has disconnected. */
  | { readonly kind: 'accepted'; readonly connection: number }
  /** The connection was no longer fresh: may the worker serve it? */
  | { readonly kind: 'claim'; readonly connection: number }
  /** The worker wants no more connections; answered by `closed`. */
  | { readonly kind: 'close' }
  /** Answers `heartbeat`. The worker has processed every message that was sent before it. */
  | { readonly kind: 'alive'; readonly sentMs: number }
  /** Answers `count`. */
  | { readonly kind: 'counts'; readonly query: number; readonly counts: MetricsCounts }
  /** Asks for `group-counts`, and reports the worker's own. */
  | { readonly kind: 'group-count'; readonly query: number; readonly own: MetricsCounts }
  /** The drain is over and the worker ends; `counts` is its last report. */
  | { readonly kind: 'drained'; readonly report: DrainReport; readonly counts: MetricsCounts }

/** How a process ended. */
export interface ProcessEnd {
  /** Exit code; `null` when a signal ended the process, or when it could not be started. */
  readonly code: number | null
  /** Such as `SIGKILL`; `null` when the process exited. */
  readonly signal: string | null
}

/** Calls about a worker process, to the process that started it. */
export interface WorkerEvents {
  received(message: FromWorker): void
  /** The last call. */
  ended(end: ProcessEnd): void
}

/** A worker process. After its end every method is a no-op. */
export interface WorkerProcess {
  /** 0 when the process could not be started; `ended` follows. */
  readonly pid: number
  send(message: ToWorker): void
  /** Sends a connection with the message. Our copy of its handle stays open until it is released. */
  handOff(message: ToWorker, connection: HandedConnection): void
  /** Ends the process at once. */
  kill(): void
}

/** Starts worker processes. Their standard output goes to the log. */
export interface WorkerProcesses {
  /**
   * @param events called in a later turn of the event loop than the call or signal that causes it
   * @param orphanTimeoutMs how long the worker may outlive this process; then it is killed, where the platform allows it
   */
  start(events: WorkerEvents, orphanTimeoutMs: number): WorkerProcess
}

/** Receives the supervisor's messages in a worker. */
export interface WorkerReceiver {
  /** @param connection only with `connection`; null there, too, when the connection was lost on its way */
  received(message: ToWorker, connection: HandedConnection | null): void
  /** The supervisor has died. The last call. */
  lost(): void
}

/** A worker's channel to its supervisor. */
export interface SupervisorChannel {
  /** Called once, before anything else. */
  begin(receiver: WorkerReceiver): void
  /** A no-op when the supervisor has died. */
  send(message: FromWorker): void
  /** Resolves when every message has been sent, or can no longer be. */
  close(): Promise<void>
}
