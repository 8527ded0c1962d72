import type { AccessLog } from '../../ports/serving/access-log.js'

/** For `log.access` off. */
export class NoAccessLog implements AccessLog {
  readonly dropped = 0

  record(): void {
    // Nobody asked for it.
  }

  async close(): Promise<void> {
    // Nothing is buffered.
  }
}
