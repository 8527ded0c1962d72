/** A line of those who wait, with room for so many, each for so long. Times are milliseconds of a monotonic clock. */
export class WaitingQueue<T> {
  private readonly waiting: { readonly one: T; readonly sinceMs: number }[] = []

  constructor(
    private readonly room: number,
    private readonly longestMs: number,
  ) {}

  get length(): number {
    return this.waiting.length
  }

  /** @returns false when there is no room */
  join(one: T, nowMs: number): boolean {
    if (this.waiting.length >= this.room) return false
    this.waiting.push({ one, sinceMs: nowMs })
    return true
  }

  /** Takes the one who has waited longest; null when nobody waits. */
  next(): T | null {
    return this.waiting.shift()?.one ?? null
  }

  /** Takes those who have waited too long, the first of them first. */
  overdue(nowMs: number): T[] {
    const still = this.waiting.findIndex(({ sinceMs }) => nowMs - sinceMs < this.longestMs)
    return this.waiting.splice(0, still === -1 ? this.waiting.length : still).map(({ one }) => one)
  }
}
