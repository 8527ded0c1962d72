import { isPlainPath } from '../../src/adapters/files/plain-path.js'
import type { Files, NoFile, OpenFile } from '../../src/ports/serving/files.js'

/** The result for a path: the content of a file, why there is none, or the error of opening it. */
export type FakeEntry = { readonly content: string; readonly modifiedMs?: number } | 'forbidden' | Error

/** Files in memory, the same below every root. Folders follow from the paths. Counts open files. */
export class FakeFiles implements Files {
  private readonly contents = new Map<number, string>()
  private opened = 0

  constructor(private readonly entries: Readonly<Record<string, FakeEntry>>) {}

  /** The number of open files. */
  get openCount(): number {
    return this.contents.size
  }

  async open(root: string | null, path: string): Promise<OpenFile | NoFile> {
    if (path.includes('\0') || (root !== null && !isPlainPath(path))) return 'missing'
    if (!Object.hasOwn(this.entries, path)) return this.isFolder(path) ? 'directory' : 'missing'
    const entry = this.entries[path]!
    if (entry instanceof Error) throw entry
    return entry === 'forbidden' ? 'forbidden' : this.openEntry(Object.keys(this.entries).indexOf(path), entry)
  }

  /** Reads octets of an open file. */
  read(descriptor: number, from: number, length: number): string {
    const content = this.contents.get(descriptor)
    if (content === undefined) throw new Error(`Cannot read descriptor ${descriptor}: it is not open`)
    return Buffer.from(content)
      .subarray(from, from + length)
      .toString('latin1')
  }

  private isFolder(path: string): boolean {
    return Object.keys(this.entries).some((each) => each.startsWith(`${path}/`))
  }

  private openEntry(inode: number, { content, modifiedMs = 0 }: Exclude<FakeEntry, Error | 'forbidden'>): OpenFile {
    const descriptor = 1000 + this.opened++
    this.contents.set(descriptor, content)
    const close = (): void => {
      if (!this.contents.delete(descriptor)) throw new Error(`Cannot close descriptor ${descriptor}: it is not open`)
    }
    return { descriptor, size: Buffer.byteLength(content), modifiedMs, changedMs: modifiedMs, inode, close }
  }
}
