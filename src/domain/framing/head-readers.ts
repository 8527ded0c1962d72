import { HeadReader } from './head-reader.js'
import type { Limits } from './limits.js'

/** Readers that are kept: as many connections as are inside a head at once in ordinary times. */
const KEPT = 64

/** Lends readers of heads to connections, each for a turn or a head: an idle one has none, which saves it 450 octets. */
export class HeadReaders {
  private readonly free: HeadReader[] = []

  /** @param rules as `HeadReader` has them */
  constructor(private readonly rules: { readonly limits: Limits; readonly secure: boolean }) {}

  take(): HeadReader {
    return this.free.pop() ?? new HeadReader(this.rules.limits, this.rules.secure)
  }

  /** Takes one back that is inside no head. */
  give(reader: HeadReader): void {
    if (this.free.length < KEPT) this.free.push(reader)
  }
}
