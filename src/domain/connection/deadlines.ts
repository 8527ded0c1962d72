/** Time limits in milliseconds; `minRate` in bytes per second, 0 for no minimum. */
export interface DeadlineRules {
  /** Between two requests. */
  readonly keepAliveMs: number
  /** From the first to the last octet of a head. */
  readonly headMs: number
  /** Without progress while a body is awaited. */
  readonly bodyMs: number
  /** Without progress while the peer reads a response. */
  readonly writeMs: number
  /** Until a handler answers; waiting for content does not count. */
  readonly handlerMs: number
  /** Until the peer closes its side after we have closed ours. */
  readonly lingerMs: number
  /** Lowest average rate of a peer that sends a body or reads a response, after `minRateGraceMs`. */
  readonly minRate: number
  readonly minRateGraceMs: number
}

/** The deadline that has passed: the peer's for `idle`, `head`, `body`, `write` and `linger`, ours for `handler`. */
export type Overdue = 'idle' | 'head' | 'body' | 'write' | 'handler' | 'linger'

/** Not running. */
const OFF = -1

/**
 * The deadlines of one connection. Each method notes a time; one coarse sweep calls `overdue` for all connections, so
 * that no request needs a timer. All times are milliseconds of a monotonic clock.
 */
export class Deadlines {
  private idleSince = OFF
  private headSince = OFF
  private handlerRuns = false
  private handlerSince = OFF
  private lingerSince = OFF
  private readonly body = new Flow()
  private readonly write = new Flow()

  /** There is no request; the keep-alive time begins. */
  idle(now: number): void {
    this.busy()
    this.answered()
    this.contentComplete(now)
    this.idleSince = now
  }

  /** The first octets of a head arrived at `since`; the time limit is for the whole head, even while octets arrive. */
  head(since: number): void {
    this.idleSince = OFF
    this.headSince = since
  }

  /** The head of a request is complete. */
  busy(): void {
    this.idleSince = OFF
    this.headSince = OFF
  }

  /** A handler started. Time in which it waits for content does not count. */
  handler(now: number): void {
    this.busy()
    this.handlerRuns = true
    this.handlerSince = now
  }

  /** The handler has answered. */
  answered(): void {
    this.handlerRuns = false
    this.handlerSince = OFF
  }

  /** We wait for content, of which `octets` have arrived so far. */
  content(now: number, octets: number): void {
    this.body.run(now, octets)
    this.handlerSince = OFF
  }

  /** We have stopped reading content, so that the peer is not to blame for a delay. */
  contentPaused(now: number, octets: number): void {
    this.body.pause(now, octets)
    this.resumeHandler(now)
  }

  /** All content has arrived. */
  contentComplete(now: number): void {
    this.body.stop(OFF)
    this.resumeHandler(now)
  }

  /** The peer has read `octets` octets so far; `owes` tells whether more were sent than it has read. */
  sent(now: number, octets: number, owes: boolean): void {
    if (owes) this.write.run(now, octets)
    else this.write.stop(octets)
  }

  /** We have closed our side, and wait for the peer to close its side. */
  linger(now: number): void {
    this.busy()
    this.answered()
    this.contentComplete(now)
    this.lingerSince = now
  }

  /** The deadline that has passed, null for none. The peer's deadlines come before the handler's. */
  overdue(now: number, rules: DeadlineRules): Overdue | null {
    if (passed(this.lingerSince, now, rules.lingerMs)) return 'linger'
    if (this.write.isOverdue(now, rules.writeMs, rules)) return 'write'
    if (passed(this.headSince, now, rules.headMs)) return 'head'
    if (this.body.isOverdue(now, rules.bodyMs, rules)) return 'body'
    if (passed(this.handlerSince, now, rules.handlerMs)) return 'handler'
    return passed(this.idleSince, now, rules.keepAliveMs) ? 'idle' : null
  }

  private resumeHandler(now: number): void {
    if (this.handlerRuns && this.handlerSince === OFF) this.handlerSince = now
  }
}

/**
 * Watches octets that the peer has to send or to read: they must not stall and, after a grace period, not be slower
 * than a minimum rate. Only the time in which we wait for the peer counts, so that a slow handler does not harm it.
 */
class Flow {
  /** Time since which we wait; OFF while we do not. */
  private since = OFF
  /** How long we have waited before that. */
  private waitedMs = 0
  private progressAt = OFF
  /** The count of octets when the flow began; OFF: the count at the first `run`. */
  private octetsAtStart = OFF
  private octets = 0

  /**
   * Waits for the peer.
   *
   * @param octets how many it has sent or read so far, counted from any start
   */
  run(now: number, octets: number): void {
    if (this.octetsAtStart === OFF) this.octetsAtStart = octets
    if (this.since === OFF) {
      this.since = now
      this.progressAt = now
    } else if (octets !== this.octets) {
      this.progressAt = now
    }
    this.octets = octets
  }

  /** Stops waiting for a while. */
  pause(now: number, octets: number): void {
    if (this.since === OFF) return
    this.waitedMs += now - this.since
    this.octets = octets
    this.since = OFF
    this.progressAt = OFF
  }

  /**
   * Ends the flow.
   *
   * @param octets the count from which the next flow starts, which may begin before we wait for it
   */
  stop(octets: number): void {
    this.since = OFF
    this.waitedMs = 0
    this.progressAt = OFF
    this.octetsAtStart = octets
  }

  isOverdue(now: number, stallMs: number, rules: DeadlineRules): boolean {
    return passed(this.progressAt, now, stallMs) || this.isTooSlow(now, rules)
  }

  private isTooSlow(now: number, { minRate, minRateGraceMs }: DeadlineRules): boolean {
    if (minRate === 0 || this.since === OFF) return false
    const waitedMs = this.waitedMs + now - this.since
    return waitedMs >= minRateGraceMs && (this.octets - this.octetsAtStart) * 1000 < minRate * waitedMs
  }
}

function passed(since: number, now: number, allowedMs: number): boolean {
  return since !== OFF && now - since >= allowedMs
}
