/** A queue with a limit for its length and one for the time that an item may wait. Times are milliseconds of a monotonic clock. */
export class WaitingQueue<T> {
  private readonly entries: { readonly item: T; readonly sinceMs: number }[] = []

  constructor(
    private readonly maxLength: number,
    private readonly maxWaitMs: number,
  ) {}

  get length(): number {
    return this.entries.length
  }

  /** @returns false when the queue is full */
  add(item: T, nowMs: number): boolean {
    if (this.entries.length >= this.maxLength) return false
    this.entries.push({ item, sinceMs: nowMs })
    return true
  }

  /** Removes and returns the item that has waited longest; null when the queue is empty. */
  shift(): T | null {
    return this.entries.shift()?.item ?? null
  }

  /** Removes and returns the items that have waited too long; the oldest comes first. */
  takeOverdue(nowMs: number): T[] {
    const firstInTime = this.entries.findIndex(({ sinceMs }) => nowMs - sinceMs < this.maxWaitMs)
    const count = firstInTime === -1 ? this.entries.length : firstInTime
    return this.entries.splice(0, count).map(({ item }) => item)
  }
}
