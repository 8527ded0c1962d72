import type { AccessLog } from '../../ports/serving/access-log.js'

/** The access log when `log.access` is off. It writes nothing. */
export class NoAccessLog implements AccessLog {
  readonly dropped = 0

  record(): void {
    // The access log is off.
  }

  async close(): Promise<void> {
    // Nothing is buffered.
  }
}
