import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { Output } from './output.js'

/** The longest time that a line waits for its batch to be written. */
const BATCH_MS = 100
/** A batch of this size is written at once. Batches save time: each write costs 20 to 30 µs in the thread pool. */
const BATCH_CHARACTERS = 64 * 1024
/** The most characters that are buffered while the output blocks. Beyond it, lines are dropped. */
const MAX_BUFFERED = 1024 * 1024
/**
 * While more characters than this are buffered, sources that can pause should do so. It is lower than `MAX_BUFFERED`,
 * so that their lines need not be dropped.
 */
const PAUSE_CHARACTERS = 256 * 1024
/** The first delay before a blocked output is tried again. It doubles with each retry. */
const FIRST_RETRY_MS = 1
/** The longest such delay. */
const LAST_RETRY_MS = 100
/** The delay after a failed write. Full disks and missing readers do not recover quickly. */
const FAILURE_RETRY_MS = 1000
/** The longest time that draining waits for the output. */
const DRAIN_MS = 1000

/** The most octets that one character of a string needs in UTF-8. */
const OCTETS_PER_CHARACTER = 3

const NOTHING = new Uint8Array(0)

/**
 * Batches log lines and writes them, whole and in order, to one output.
 *
 * `append` only concatenates; a timer flushes the batch, at once when it has `BATCH_CHARACTERS`. When the output blocks
 * or fails, the sink retries with back-off and buffers up to `MAX_BUFFERED` characters. Beyond that it drops new lines and
 * counts them until half of the buffer is free, so that one gap is logged once, where it happened.
 */
export class Sink {
  /** Lines that wait for the next batch. */
  private text = ''
  /** Whether `text` is all ASCII, as access lines are. Such text is encoded three times as fast. */
  private ascii = true
  /** The batch that is being written. Its octets from `offset` on precede `text`. */
  private octets: Uint8Array = NOTHING
  private offset = 0
  /** The memory of batches. It is reused, because each batch is written before the next one is encoded. */
  private readonly batch = Buffer.allocUnsafeSlow(2 * BATCH_CHARACTERS)
  private writing = false
  /** The timer of the next write; `null` while there is nothing to write or a write is in progress. */
  private due: Stoppable | null = null
  private retryMs = FIRST_RETRY_MS
  /** The number of lines dropped since the buffer exceeded `MAX_BUFFERED`. */
  private gap = 0
  private draining: Draining | null = null
  private closed = false
  private whenRecovered: (dropped: number) => void = () => undefined
  private awaitingRoom: (() => void)[] = []

  constructor(
    private readonly output: Output,
    private readonly clock: Clock,
  ) {}

  get isTerminal(): boolean {
    return this.output.isTerminal
  }

  /**
   * Sets the listener for gaps.
   *
   * @param report called after a gap with the number of dropped lines; it may append a line about them
   */
  onRecovery(report: (dropped: number) => void): void {
    this.whenRecovered = report
  }

  /** Whether sources that can pause should do so. */
  get isOverPauseLimit(): boolean {
    return this.held > PAUSE_CHARACTERS
  }

  /**
   * Calls a listener once, as soon as sources need not pause.
   *
   * @param listener called at once when they need not pause now
   */
  whenRoom(listener: () => void): void {
    if (this.isOverPauseLimit) this.awaitingRoom.push(listener)
    else listener()
  }

  /**
   * Appends a line to the batch.
   *
   * @param line with its line feed; it may consist of several lines, and is written or dropped as a whole
   * @param ascii whether the caller knows that the line is all ASCII
   * @returns `false` when the buffer was full and the line was dropped
   */
  append(line: string, ascii = false): boolean {
    if (this.closed || this.gap > 0 || this.held + line.length > MAX_BUFFERED) {
      this.drop()
      return false
    }
    const before = this.text.length
    this.text += line
    this.ascii &&= ascii
    if (before === 0) this.scheduleWrite()
    if (before < BATCH_CHARACTERS && this.text.length >= BATCH_CHARACTERS) this.scheduleWriteNow()
    return true
  }

  /** Writes everything that was appended before. Resolves when it is written, or after a second. */
  drain(): Promise<void> {
    this.draining ??= this.startDraining()
    return this.draining.ended
  }

  /** Drains, and then drops every further line. */
  async close(): Promise<void> {
    await this.drain()
    this.closed = true
    this.due?.stop()
  }

  private get held(): number {
    return this.text.length + this.octets.length - this.offset
  }

  private scheduleWrite(): void {
    if (!this.writing && this.due === null) this.writeAfter(BATCH_MS)
  }

  /** Writes in the next turn of the event loop: this one may be inside a request. A pending retry keeps its delay. */
  private scheduleWriteNow(): void {
    if (!this.writing && this.octets === NOTHING) this.writeAfter(0)
  }

  private writeAfter(delayMs: number): void {
    this.due?.stop()
    // A write that was in progress when the sink was closed may end later.
    if (!this.closed) this.due = this.clock.after(delayMs, this.write)
  }

  private readonly write = (): void => {
    this.due = null
    if (this.octets === NOTHING) this.takeText()
    this.writing = true
    this.output.write(this.offset === 0 ? this.octets : this.octets.subarray(this.offset), this.written)
  }

  private takeText(): void {
    const encoding = this.ascii ? 'latin1' : 'utf8'
    const octets = this.ascii ? this.text.length : this.text.length * OCTETS_PER_CHARACTER
    // Encoding into existing memory takes half the time of `Buffer.from`. The text can be larger after a stall, or when
    // it is not marked as ASCII: then a fresh buffer is allocated.
    const fits = octets <= this.batch.length
    this.octets = fits
      ? this.batch.subarray(0, this.batch.write(this.text, encoding))
      : Buffer.from(this.text, encoding)
    this.text = ''
    this.ascii = true
  }

  private readonly written = (error: NodeJS.ErrnoException | null, count: number): void => {
    this.offset += count
    if (count > 0) this.retryMs = FIRST_RETRY_MS
    this.endGap()
    this.notifyRoom()
    this.writing = false
    if (this.offset < this.octets.length) this.retry(error)
    else this.afterBatchWritten()
  }

  /** Schedules another write. A write of only some octets means that the output blocks, just as `EAGAIN` does. */
  private retry(error: NodeJS.ErrnoException | null): void {
    const isBlocked = error === null || error.code === 'EAGAIN'
    this.writeAfter(isBlocked ? this.retryMs : FAILURE_RETRY_MS)
    if (isBlocked) this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS)
  }

  private afterBatchWritten(): void {
    this.octets = NOTHING
    this.offset = 0
    if (this.text === '') this.draining?.end()
    else this.writeAfter(this.draining !== null || this.text.length >= BATCH_CHARACTERS ? 0 : BATCH_MS)
  }

  private drop(): void {
    this.gap++
    // Usually the end of a write ends the gap. But when one line exceeds the limit and nothing is buffered, no write
    // follows.
    this.endGap()
  }

  private endGap(): void {
    if (this.gap === 0 || this.closed || this.held > MAX_BUFFERED / 2) return
    const dropped = this.gap
    this.gap = 0
    this.whenRecovered(dropped)
  }

  private notifyRoom(): void {
    if (this.isOverPauseLimit || this.awaitingRoom.length === 0) return
    for (const listener of this.awaitingRoom.splice(0)) listener()
  }

  private startDraining(): Draining {
    let resolve: () => void
    const ended = new Promise<void>((resolved) => (resolve = resolved))
    const deadline = this.clock.after(DRAIN_MS, () => this.draining?.end())
    // The clock's timers do not keep the process running. This one does, until the last lines are written.
    const alive = setInterval(() => undefined, DRAIN_MS)
    const end = (): void => {
      this.draining = null
      deadline.stop()
      clearInterval(alive)
      resolve()
    }
    if (this.held === 0) queueMicrotask(end)
    else if (!this.writing) this.writeAfter(0)
    return { ended, end }
  }
}

interface Draining {
  readonly ended: Promise<void>
  end(): void
}
