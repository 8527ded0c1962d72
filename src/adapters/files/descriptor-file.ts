import { close, type BigIntStats } from 'node:fs'
import type { OpenFile } from '../../ports/serving/files.js'

const NS_PER_MS = 1e6

/** An open file with a descriptor. */
export class DescriptorFile implements OpenFile {
  readonly size: number
  readonly modifiedMs: number
  readonly changedMs: number
  readonly inode: number

  /** @param stat the status of the same open file */
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
    // In the thread pool: the last close of a removed file frees its blocks, which takes time.
    close(this.descriptor)
  }
}
