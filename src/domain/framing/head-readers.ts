import { HeadReader } from './head-reader.js'
import type { Limits } from './limits.js'

/**
 * Maximum number of unused readers that are kept: about as many connections are usually inside a head at the same time.
 */
const MAX_FREE = 64

/**
 * A pool of head readers. A connection borrows one while it has octets to read as heads; an idle connection needs none,
 * which saves 450 bytes.
 */
export class HeadReaders {
  private readonly free: HeadReader[] = []

  /** @param rules passed to each `HeadReader` */
  constructor(private readonly rules: { readonly limits: Limits; readonly secure: boolean }) {}

  /** Lends a reader that is inside no head. */
  take(): HeadReader {
    return this.free.pop() ?? new HeadReader(this.rules.limits, this.rules.secure)
  }

  /** Takes back a reader that is inside no head. */
  give(reader: HeadReader): void {
    if (this.free.length < MAX_FREE) this.free.push(reader)
  }
}
