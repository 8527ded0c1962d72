import type { AccessLog, Exchange } from '../../src/ports/access-log.js'

/** An access log that keeps what it was given. */
export class RecordingAccessLog implements AccessLog {
  readonly exchanges: Exchange[] = []
  readonly dropped = 0
  private closed = false

  record(exchange: Exchange): void {
    if (!this.closed) this.exchanges.push({ ...exchange })
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
