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
 * was killed while it wrote, would pass for something else. While the sink has no room the others are not read, so
 * that they hold back, drop and count by themselves.
 */
export class LineForwarder {
  private readonly sources = new Set<Readable>()

  constructor(private readonly sink: Sink) {}

  /** The source is read to its end. */
  forward(source: Readable): void {
    let begun: Buffer = NOTHING
    this.sources.add(source)
    source.on('data', (octets: Buffer) => {
      begun = this.take(begun.length === 0 ? octets : Buffer.concat([begun, octets]))
      if (this.sink.isFull) this.holdBack(source)
    })
    source.on('error', () => undefined)
    source.on('close', () => this.sources.delete(source))
  }

  /** Resolves when the sources have ended, or after a short while: one may outlive its process, or be held back. */
  async flush(): Promise<void> {
    const ended = [...this.sources].map((source) => new Promise((resolve) => source.once('close', resolve)))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => (timer = setTimeout(resolve, FLUSH_MS)))
    await Promise.race([Promise.all(ended), late])
    clearTimeout(timer)
  }

  /** @returns the line that has only begun */
  private take(octets: Buffer): Buffer {
    const end = octets.lastIndexOf(LINE_FEED) + 1
    if (end > 0) this.append(octets.subarray(0, end))
    return octets.length - end > LONGEST_LINE ? NOTHING : octets.subarray(end)
  }

  private append(lines: Buffer): void {
    if (isAscii(lines)) this.sink.append(lines.toString('latin1'), true)
    else this.sink.append(lines.toString())
  }

  private holdBack(source: Readable): void {
    source.pause()
    this.sink.whenRoom(() => source.resume())
  }
}
