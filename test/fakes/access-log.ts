import type { AccessLog, Exchange } from '../../src/ports/access-log.js'
import { copyOf } from './exchange.js'

/** An access log that keeps what it was given. */
export class RecordingAccessLog implements AccessLog {
  readonly exchanges: Exchange[] = []
  readonly dropped = 0
  private closed = false

  record(exchange: Exchange): void {
    if (!this.closed) this.exchanges.push(copyOf(exchange))
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
