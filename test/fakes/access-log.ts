import type { AccessLog, ExchangeRecord } from '../../src/ports/serving/access-log.js'
import { copyOf } from './exchange.js'

/** An access log that records exchanges. */
export class RecordingAccessLog implements AccessLog {
  readonly exchanges: ExchangeRecord[] = []
  readonly dropped = 0
  private closed = false

  record(exchange: ExchangeRecord): void {
    if (!this.closed) this.exchanges.push(copyOf(exchange))
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
