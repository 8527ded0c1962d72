import { admitsConnection } from '../../domain/lifecycle/admission.js'
import type { ProtocolError } from '../../domain/message/protocol-error.js'
import { clientRefused } from '../../domain/tls/client-refusal.js'
import { plainOnTls } from '../../domain/tls/wrong-scheme.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { Metrics } from '../../ports/operations/metrics.js'
import type { ListenerName, Security, Transport } from '../../ports/serving/transport.js'
import { ServeConnection } from '../serving/serve-connection.js'
import type { Service } from './service.js'

/** How many connections of each kind may be open. */
export interface ConnectionLimits {
  readonly maxConnections: number
  /** Connections at the admin listener, which do not count towards `maxConnections`. */
  readonly maxAdminConnections: number
  /** Connections that are being answered 503 because the server is full. The server resets any more without an answer. */
  readonly maxTurnedAway: number
}

/** The open connections of a server. Admits new ones up to the limits, and sweeps all of them for passed deadlines. */
export class OpenConnections {
  private readonly admitted = new Set<ServeConnection>()
  /** The connections in `admitted` that came through the admin listener. */
  private readonly admin = new Set<ServeConnection>()
  private readonly turnedAway = new Set<ServeConnection>()
  private lastNumber = 0
  private sweeps: Stoppable | null = null
  private isEnding = false

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** The number of admitted connections. */
  get size(): number {
    return this.admitted.size
  }

  /** The admitted connections; a copy, so that they may end during a loop over it. */
  get all(): readonly ServeConnection[] {
    return [...this.admitted]
  }

  /** Serves a new connection, or turns it away when there is no room. */
  accept(listener: ListenerName, service: Service, transport: Transport): void {
    const connection = new ServeConnection(service, transport, ++this.lastNumber, this.ended)
    if (this.hasRoom(listener)) this.admit(connection, listener, transport)
    else this.turnAway(connection)
  }

  /** Checks the deadlines of all connections every `intervalMs`. */
  beginSweeps(intervalMs: number): void {
    this.sweeps = this.clock.every(intervalMs, () => this.sweep())
  }

  /** Stops the sweeps when the last client that was turned away has disconnected: it may still be reading its 503. */
  endSweeps(): void {
    this.isEnding = true
    this.stopIdleSweeps()
  }

  private hasRoom(listener: ListenerName): boolean {
    const { limits, admin, admitted } = this
    return listener === 'admin'
      ? admitsConnection(admin.size, limits.maxAdminConnections)
      : admitsConnection(admitted.size - admin.size, limits.maxConnections)
  }

  private admit(connection: ServeConnection, listener: ListenerName, { security }: Transport): void {
    this.metrics.connectionAccepted()
    this.admitted.add(connection)
    if (listener === 'admin') this.admin.add(connection)
    const refusal = listener === 'https' ? refusalOf(security) : null
    if (refusal !== null) connection.refuse(refusal)
  }

  private turnAway(connection: ServeConnection): void {
    this.metrics.connectionRejected()
    if (this.turnedAway.size >= this.limits.maxTurnedAway) return connection.abort('rejected')
    this.turnedAway.add(connection)
    connection.turnAway()
  }

  private readonly ended = (connection: ServeConnection): void => {
    this.admin.delete(connection)
    if (this.admitted.delete(connection)) this.metrics.connectionClosed()
    else this.turnedAway.delete(connection)
    this.stopIdleSweeps()
  }

  private sweep(): void {
    const now = this.clock.now()
    for (const connection of this.admitted) connection.sweep(now)
    for (const connection of this.turnedAway) connection.sweep(now)
  }

  private stopIdleSweeps(): void {
    if (this.isEnding && this.turnedAway.size === 0) this.sweeps?.stop()
  }
}

/** Why an HTTPS client is refused before its first request: it spoke plain HTTP, or its certificate is not accepted. */
function refusalOf(security: Security | null): ProtocolError | null {
  if (security === null) return plainOnTls()
  return security.clientProblem === null ? null : clientRefused(security.clientProblem)
}
