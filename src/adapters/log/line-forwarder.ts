import { isAscii } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Sink } from './sink.js'

const LINE_FEED = 0x0a

/** A line longer than this is no line of a log. */
const LONGEST_LINE = 256 * 1024

const NOTHING = Buffer.alloc(0)

/** How long to wait for the last lines of processes that have ended. */
const FLUSH_MS = 300

/**
 * Takes the log lines of other processes into the sink that all share, whole lines only: half a line, of a process that
 * was killed while it wrote, would pass for something else. While the sink is full none of the others is read, so that
 * they hold back, drop and count by themselves: here, a read is a piece with many lines.
 */
export class LineForwarder {
  private readonly sources = new Set<Readable>()
  private isHeldBack = false

  constructor(private readonly sink: Sink) {}

  /** The source is read to its end. */
  forward(source: Readable): void {
    const lines = new WholeLines()
    this.sources.add(source)
    source.on('data', (octets: Buffer) => {
      this.append(lines.take(octets))
      if (this.sink.isFull) this.holdBack()
    })
    source.on('error', () => undefined)
    source.on('close', () => this.sources.delete(source))
    if (this.isHeldBack) source.pause()
  }

  /** Resolves when the sources have ended, or after a short while: one may outlive its process, or be held back. */
  async flush(): Promise<void> {
    const ended = [...this.sources].map((source) => new Promise((resolve) => source.once('close', resolve)))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => (timer = setTimeout(resolve, FLUSH_MS)))
    await Promise.race([Promise.all(ended), late])
    clearTimeout(timer)
  }

  private append(lines: Buffer): void {
    if (lines.length === 0) return
    if (isAscii(lines)) this.sink.append(lines.toString('latin1'), true)
    else this.sink.append(lines.toString())
  }

  private holdBack(): void {
    if (this.isHeldBack) return
    this.isHeldBack = true
    for (const source of this.sources) source.pause()
    this.sink.whenRoom(() => {
      this.isHeldBack = false
      for (const source of this.sources) source.resume()
    })
  }
}

/** Puts the pieces of a source together to whole lines; leaves out a line that is too long, to its end. */
class WholeLines {
  /** The line that has only begun. */
  private begun: Buffer = NOTHING
  private isSkipping = false

  /** @returns the lines that have come to their end */
  take(piece: Buffer): Buffer {
    const octets = this.isSkipping ? this.skip(piece) : piece
    const known = this.begun.length === 0 ? octets : Buffer.concat([this.begun, octets])
    const end = known.lastIndexOf(LINE_FEED) + 1
    this.begun = known.subarray(end)
    if (this.begun.length > LONGEST_LINE) {
      this.begun = NOTHING
      this.isSkipping = true
    }
    return known.subarray(0, end)
  }

  /** @returns what comes behind the line that is left out */
  private skip(piece: Buffer): Buffer {
    const end = piece.indexOf(LINE_FEED) + 1
    this.isSkipping = end === 0
    return end === 0 ? NOTHING : piece.subarray(end)
  }
}
