import type { AccessLog, ExchangeRecord } from '../../ports/serving/access-log.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { AccessLine } from './access-line.js'
import { IsoTime } from './iso-time.js'
import type { Sink } from './sink.js'

/** Writes the access log as lines into the sink that all logs share. */
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

  /** Closes only this log. The sink stays open for events. */
  close(): Promise<void> {
    this.closed = true
    return this.sink.drain()
  }
}
