import type { AccessLog, ExchangeRecord } from '../../ports/serving/access-log.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { AccessLine } from './access-line.js'
import { IsoTime } from './iso-time.js'
import type { Sink } from './sink.js'

/** The access log as lines in the sink that all logs share; the sink batches them. */
export class SinkAccessLog implements AccessLog {
  private readonly time = new IsoTime()
  private lost = 0
  private closed = false

  constructor(
    private readonly sink: Sink,
    private readonly clock: Clock,
    private readonly line: AccessLine,
  ) {}

  get dropped(): number {
    return this.lost
  }

  record(exchange: ExchangeRecord): void {
    if (this.closed) return
    if (!this.sink.append(this.line(this.time.text(this.clock.wall()), exchange), true)) this.lost++
  }

  /** The sink stays open: events may follow. */
  close(): Promise<void> {
    this.closed = true
    return this.sink.drain()
  }
}
