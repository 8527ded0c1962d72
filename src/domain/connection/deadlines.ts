/** How long each thing may take, in milliseconds; `minRate` in octets per second, 0 when it is off. */
export interface DeadlineRules {
  readonly keepAliveMs: number
  readonly headMs: number
  readonly bodyMs: number
  readonly writeMs: number
  readonly handlerMs: number
  readonly lingerMs: number
  readonly minRate: number
  readonly minRateGraceMs: number
}

/** What can take too long: the names tell who owes what. */
export type Overdue = 'idle' | 'head' | 'body' | 'write' | 'handler' | 'linger'

/** Not running. */
const OFF = -1

/**
 * The deadlines of one connection: a few numbers, noted as things happen and judged by one coarse sweep, so that no
 * request costs a timer. All times are milliseconds of a monotonic clock.
 */
export class Deadlines {
  private idleSince = OFF
  private headSince = OFF
  private handlerRuns = false
  private handlerSince = OFF
  private lingerSince = OFF
  private readonly body = new Flow()
  private readonly write = new Flow()

  /** Nothing is under way; the peer may be silent for the keep-alive time. */
  idle(now: number): void {
    this.busy()
    this.answered()
    this.contentComplete(now)
    this.idleSince = now
  }

  /** The first octets of a head came at `since`; the time runs for the whole head, whatever else comes. */
  head(since: number): void {
    this.idleSince = OFF
    this.headSince = since
  }

  /** A request is under way. */
  busy(): void {
    this.idleSince = OFF
    this.headSince = OFF
  }

  /** A handler runs, and nothing has been answered. The time in which it waits for content is not its own. */
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

  /** We wait for content, of which `octets` have come so far. */
  content(now: number, octets: number): void {
    this.body.run(now, octets)
    this.handlerSince = OFF
  }

  /** We are the ones who do not take content now. */
  contentPaused(now: number, octets: number): void {
    this.body.pause(now, octets)
    this.resumeHandler(now)
  }

  /** There is no content to wait for. */
  contentComplete(now: number): void {
    this.body.stop(OFF)
    this.resumeHandler(now)
  }

  /** The peer has read so many octets of what was sent; `owes` tells whether it still has some to read. */
  sent(now: number, octets: number, owes: boolean): void {
    if (owes) this.write.run(now, octets)
    else this.write.stop(octets)
  }

  /** Our side is closed; the peer may close its own for a while. */
  linger(now: number): void {
    this.busy()
    this.answered()
    this.contentComplete(now)
    this.lingerSince = now
  }

  /** What is overdue, the peer's debts first; null when all is well. */
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
 * Octets that the peer has to send or to read: they may neither stall nor, after a grace, trickle. Only the time in which
 * we wait for the peer counts, so that it does not pay for a handler that is slow.
 */
class Flow {
  /** Since when we wait; OFF while we do not. */
  private since = OFF
  /** How long we waited before that. */
  private waitedMs = 0
  private progressAt = OFF
  /** OFF: whatever has gone when the flow begins. */
  private octetsAtStart = OFF
  private octets = 0

  /** @param octets how many have gone so far, since whenever */
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

  pause(now: number, octets: number): void {
    if (this.since === OFF) return
    this.waitedMs += now - this.since
    this.octets = octets
    this.since = OFF
    this.progressAt = OFF
  }

  /** @param octets what the next flow starts from: a part of it may be gone before anyone waits */
  stop(octets: number): void {
    this.since = OFF
    this.waitedMs = 0
    this.progressAt = OFF
    this.octetsAtStart = octets
  }

  isOverdue(now: number, stallMs: number, rules: DeadlineRules): boolean {
    return passed(this.progressAt, now, stallMs) || this.trickles(now, rules)
  }

  private trickles(now: number, { minRate, minRateGraceMs }: DeadlineRules): boolean {
    if (minRate === 0 || this.since === OFF) return false
    const waitedMs = this.waitedMs + now - this.since
    return waitedMs >= minRateGraceMs && (this.octets - this.octetsAtStart) * 1000 < minRate * waitedMs
  }
}

function passed(since: number, now: number, allowedMs: number): boolean {
  return since !== OFF && now - since >= allowedMs
}
