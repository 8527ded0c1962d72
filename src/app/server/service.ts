import type { ConnectionRules } from '../../domain/connection/connection-rules.js'
import type { DeadlineRules } from '../../domain/connection/deadlines.js'
import type { HeadReaders } from '../../domain/framing/head-readers.js'
import type { PersistenceLines } from '../../domain/connection/persistence-lines.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { AccessLog } from '../../ports/serving/access-log.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Metrics } from '../../ports/operations/metrics.js'
import type { Tracing } from '../../ports/serving/tracing.js'
import type { Dispatch } from '../serving/dispatch.js'
import type { Exchange } from '../serving/exchange.js'
import type { HeadPreamble } from '../serving/head-preamble.js'
import type { Identifiers } from '../serving/identifiers.js'

/** The state of a server's life, as its connections see it. */
export interface ServerLife {
  readonly phase: Phase
  /** When the drain closed the listeners, on the monotonic clock; `null` while they are open. */
  readonly drainingSinceMs: number | null
}

/** Everything that the connections of one listener share. */
export interface Service {
  readonly rules: ConnectionRules
  readonly persistence: PersistenceLines
  readonly readers: HeadReaders
  readonly deadlines: DeadlineRules
  readonly clock: Clock
  readonly metrics: Metrics
  readonly accessLog: AccessLog
  readonly log: EventLog
  /** `null` without telemetry. */
  readonly tracing: Tracing | null
  readonly preamble: HeadPreamble
  readonly identifiers: Identifiers
  readonly dispatch: Pick<Dispatch, 'answer'>
  readonly life: ServerLife
  /** Called when an exchange has ended. */
  exchangeEnded(exchange: Exchange): void
}
