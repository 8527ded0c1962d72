import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { Output } from './output.js'

/** Lines wait at most so long for others to be written with. */
const BATCH_MS = 100
/** So many characters of lines are written at once: each write takes a thread of the pool its 20 to 30 µs. */
const BATCH_CHARACTERS = 64 * 1024
/** So many characters of lines are held while the output takes none. */
const MOST_CHARACTERS = 1024 * 1024
/** Who can hold lines back does so while more than so many are held, so that none of them need be dropped. */
const FULL_CHARACTERS = 256 * 1024
/** A full output is tried again after the first, then twice as long each time up to the last. */
const FIRST_RETRY_MS = 1
const LAST_RETRY_MS = 100
/** Full disks and absent readers take their time. */
const FAILURE_RETRY_MS = 1000
const DRAIN_MS = 1000

/** UTF-8 takes at most so many octets for a character of a string. */
const OCTETS_PER_CHARACTER = 3

const NOTHING = new Uint8Array(0)

/**
 * Takes the lines of all logs and writes them to one output in batches, each line whole and in order.
 *
 * Appending is a concatenation. A timer is set when the first line of a batch comes, and hastened when the batch is
 * full: none for a single line. When the output blocks or fails, writing is tried again and again, lines are held up
 * to a bound, and the newest are dropped and counted. They are dropped until half of the bound is free again, so that
 * the gap is one and its report stands in its place.
 */
export class Sink {
  private text = ''
  /** Whether `text` is all ASCII, as access lines are: such text becomes octets three times as fast. */
  private ascii = true
  /** What is being written, from `offset` on; more than nothing means that it comes before `text`. */
  private octets: Uint8Array = NOTHING
  private offset = 0
  /** Where batches become octets: used again and again, since one is written before the next is taken. */
  private readonly batch = Buffer.allocUnsafeSlow(2 * BATCH_CHARACTERS)
  private writing = false
  /** The next write: `null` while there is nothing to write or a write is under way. */
  private due: Stoppable | null = null
  private retryMs = FIRST_RETRY_MS
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

  /** @param report called after a gap, with the number of lines missing there; may append a line that tells it */
  onRecovery(report: (dropped: number) => void): void {
    this.whenRecovered = report
  }

  /** Whether who can wait with a line should. */
  get isFull(): boolean {
    return this.held > FULL_CHARACTERS
  }

  /** @param told called once, when the sink is full no more */
  whenRoom(told: () => void): void {
    if (this.isFull) this.awaitingRoom.push(told)
    else told()
  }

  /**
   * @param line with its line feed; may have more than one, and is never torn
   * @param ascii whether the caller knows that the line is all ASCII
   * @returns false when there was no room and the line was dropped
   */
  append(line: string, ascii = false): boolean {
    if (this.closed || this.gap > 0 || this.held + line.length > MOST_CHARACTERS) {
      this.drop()
      return false
    }
    const before = this.text.length
    this.text += line
    this.ascii &&= ascii
    if (before === 0) this.startBatch()
    if (before < BATCH_CHARACTERS && this.text.length >= BATCH_CHARACTERS) this.endBatch()
    return true
  }

  /** Resolves when everything appended before has been written, or after a second. */
  drain(): Promise<void> {
    this.draining ??= this.startDraining()
    return this.draining.ended
  }

  /** Drains, and takes no line any more. */
  async close(): Promise<void> {
    await this.drain()
    this.closed = true
    this.due?.stop()
  }

  private get held(): number {
    return this.text.length + this.octets.length - this.offset
  }

  private startBatch(): void {
    if (!this.writing && this.due === null) this.writeAfter(BATCH_MS)
  }

  /** Not at once: this may be in the middle of a request. A write that is to be tried again keeps its time. */
  private endBatch(): void {
    if (!this.writing && this.octets === NOTHING) this.writeAfter(0)
  }

  private writeAfter(delayMs: number): void {
    this.due?.stop()
    // A write that was under way when the sink was closed may end later.
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
    // Writing into memory at hand takes half the time of `Buffer.from`; more than a batch has heaped up in a stall only.
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
    this.tellRoom()
    this.writing = false
    if (this.offset < this.octets.length) this.retry(error)
    else this.finishBatch()
  }

  /** Some octets taken and others not means that the output is full, too. */
  private retry(error: NodeJS.ErrnoException | null): void {
    const isFull = error === null || error.code === 'EAGAIN'
    this.writeAfter(isFull ? this.retryMs : FAILURE_RETRY_MS)
    if (isFull) this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS)
  }

  private finishBatch(): void {
    this.octets = NOTHING
    this.offset = 0
    if (this.text === '') this.draining?.end()
    else this.writeAfter(this.draining !== null || this.text.length >= BATCH_CHARACTERS ? 0 : BATCH_MS)
  }

  private drop(): void {
    this.gap++
    // A line over the bound leaves a gap on its own, with no write to come that would end it.
    this.endGap()
  }

  private endGap(): void {
    if (this.gap === 0 || this.closed || this.held > MOST_CHARACTERS / 2) return
    const dropped = this.gap
    this.gap = 0
    this.whenRecovered(dropped)
  }

  private tellRoom(): void {
    if (this.isFull || this.awaitingRoom.length === 0) return
    for (const told of this.awaitingRoom.splice(0)) told()
  }

  private startDraining(): Draining {
    let resolve: () => void
    const ended = new Promise<void>((resolved) => (resolve = resolved))
    const deadline = this.clock.after(DRAIN_MS, () => this.draining?.end())
    // The clock's timers let the process go; the last lines keep it.
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
