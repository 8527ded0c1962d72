import type { Output } from '../../../src/adapters/log/output.js'

/** An output in memory that a test can block, break or slow down. */
export class ManualOutput implements Output {
  readonly isTerminal = false
  /** The number of bytes that the output still accepts. */
  room = Infinity
  /** The error of every write that finds no room. */
  failure = 'EAGAIN'
  /** Whether writes complete at once, or when `finish` is called. */
  instant = true
  writes = 0
  finish: () => void = () => undefined
  private octets = Buffer.alloc(0)

  get text(): string {
    return this.octets.toString()
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  write(octets: Uint8Array, written: (error: NodeJS.ErrnoException | null, octets: number) => void): void {
    this.writes++
    this.finish = () => {
      const count = Math.min(octets.length, this.room)
      this.octets = Buffer.concat([this.octets, octets.subarray(0, count)])
      this.room -= count
      written(count > 0 ? null : Object.assign(new Error(this.failure), { code: this.failure }), count)
    }
    if (this.instant) this.finish()
  }
}
