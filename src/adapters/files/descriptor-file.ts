import { close, type BigIntStats } from 'node:fs'
import type { OpenFile } from '../../ports/serving/files.js'

const NS_PER_MS = 1e6

/** An open file, by its descriptor. */
export class DescriptorFile implements OpenFile {
  readonly size: number
  readonly modifiedMs: number
  readonly changedMs: number
  readonly inode: number

  /** @param stat of the same file as the descriptor */
  constructor(
    readonly descriptor: number,
    stat: BigIntStats,
  ) {
    this.size = Number(stat.size)
    this.modifiedMs = Number(stat.mtimeNs) / NS_PER_MS
    this.changedMs = Number(stat.ctimeNs) / NS_PER_MS
    this.inode = Number(stat.ino)
  }

  close(): void {
    // Not in the event loop: the last close of a removed file frees its blocks, which takes its time.
    close(this.descriptor)
  }
}
