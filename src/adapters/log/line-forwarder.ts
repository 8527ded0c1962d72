import { isAscii } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Sink } from './sink.js'

const LINE_FEED = 0x0a

/** The longest line that is forwarded, in bytes. No log writes longer lines. */
const MAX_LINE_BYTES = 256 * 1024

const NOTHING = Buffer.alloc(0)

/** How long to wait for the last lines of processes that have ended. */
const FLUSH_MS = 300

/**
 * Forwards the log lines of worker processes to the shared sink.
 *
 * It forwards only whole lines, because part of a line, from a process that was killed while it wrote, could be
 * mistaken for something else. While the sink is over its pause limit, it reads no process. The pipes fill up, and each
 * process then drops and counts lines itself: it drops single lines, whereas a read here is a block of many lines.
 */
export class LineForwarder {
  private readonly sources = new Set<Readable>()
  private isPaused = false

  constructor(private readonly sink: Sink) {}

  /** Forwards the lines of a source until its end. */
  forward(source: Readable): void {
    const lines = new WholeLines()
    this.sources.add(source)
    source.on('data', (octets: Buffer) => {
      this.append(lines.take(octets))
      if (this.sink.isOverPauseLimit) this.pause()
    })
    source.on('error', () => undefined)
    source.on('close', () => this.sources.delete(source))
    if (this.isPaused) source.pause()
  }

  /**
   * Resolves when all sources have ended, but after `FLUSH_MS` at the latest: a source may outlive its process, or be
   * paused.
   */
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

  private pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    for (const source of this.sources) source.pause()
    this.sink.whenRoom(() => {
      this.isPaused = false
      for (const source of this.sources) source.resume()
    })
  }
}

/** Joins the pieces of a source to whole lines. It drops a line that is too long. */
class WholeLines {
  /** The beginning of an incomplete line. */
  private begun: Buffer = NOTHING
  private isSkipping = false

  /** @returns the lines that the piece completes */
  take(piece: Buffer): Buffer {
    const octets = this.isSkipping ? this.skip(piece) : piece
    const known = this.begun.length === 0 ? octets : Buffer.concat([this.begun, octets])
    const end = known.lastIndexOf(LINE_FEED) + 1
    this.begun = known.subarray(end)
    if (this.begun.length > MAX_LINE_BYTES) {
      this.begun = NOTHING
      this.isSkipping = true
    }
    return known.subarray(0, end)
  }

  /** @returns the rest of the piece, after the end of the line that is dropped */
  private skip(piece: Buffer): Buffer {
    const end = piece.indexOf(LINE_FEED) + 1
    this.isSkipping = end === 0
    return end === 0 ? NOTHING : piece.subarray(end)
  }
}
