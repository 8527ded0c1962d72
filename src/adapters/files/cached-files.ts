import { fstatSync } from 'node:fs'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { Files, NoFile, OpenFile } from '../../ports/serving/files.js'
import type { MaybePromise } from '../../ports/plugins/maybe-promise.js'

export interface FileCacheBounds {
  /** Paths that are known at a time. */
  readonly files: number
  /** For how long what was found at a path is taken to be there. */
  readonly validMs: number
}

/** What was found at a path, and when. */
interface Finding {
  readonly found: KeptFile | NoFile
  readonly atMs: number
}

/** The opening of a path that is under way. */
interface Opening {
  readonly found: Promise<KeptFile | NoFile>
  /** Who waits for it. */
  users: number
}

/** Why a file cannot be opened when too many are. */
const OUT_OF_DESCRIPTORS: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE'])

/**
 * Files that are kept open for a short while, and lent to all who ask for them: at once, and without the walk down the
 * path, which takes two turns of the event loop and the thread pool (130 of 150 µs for a small file).
 *
 * A file that is changed or replaced in its place is noticed at once: each time that it is lent, its size, its times and
 * whether it still has a name are asked of the kernel (1.3 µs). What is noticed only when a finding is no longer valid is
 * a change on the way to it: a folder that was renamed, a link that leads elsewhere, permissions.
 */
export class CachedFiles implements Files {
  /** By path; the oldest first, which goes first when there is no room. */
  private readonly findings = new Map<string, Finding>()
  private readonly openings = new Map<string, Opening>()
  private sweeping: Stoppable | null = null

  constructor(
    private readonly files: Files,
    private readonly clock: Clock,
    private readonly bounds: FileCacheBounds,
  ) {}

  open(root: string | null, path: string): MaybePromise<OpenFile | NoFile> {
    const key = root === null ? path : `${root}\0${path}`
    const finding = this.findings.get(key)
    if (finding !== undefined) {
      if (this.isValid(finding)) return typeof finding.found === 'string' ? finding.found : finding.found.lend()
      this.forget(key, finding)
    }
    const opening = this.openings.get(key) ?? this.begin(key, root, path)
    opening.users++
    return opening.found.then((found) => (typeof found === 'string' ? found : found.lent()))
  }

  private isValid({ found, atMs }: Finding): boolean {
    if (this.clock.now() - atMs >= this.bounds.validMs) return false
    return typeof found === 'string' || found.isUnchanged
  }

  /** Those who ask for one path at once wait for one opening. */
  private begin(key: string, root: string | null, path: string): Opening {
    const atMs = this.clock.now()
    const found = this.openNew(root, path).then(
      (file) => {
        this.openings.delete(key)
        const kept = typeof file === 'string' ? file : new KeptFile(file, opening.users)
        this.keep(key, { found: kept, atMs })
        return kept
      },
      (error: unknown) => {
        this.openings.delete(key)
        throw error
      },
    )
    const opening: Opening = { found, users: 0 }
    this.openings.set(key, opening)
    return opening
  }

  private async openNew(root: string | null, path: string): Promise<OpenFile | NoFile> {
    try {
      return await this.files.open(root, path)
    } catch (error) {
      if (!OUT_OF_DESCRIPTORS.has((error as NodeJS.ErrnoException).code) || this.findings.size === 0) throw error
      this.forgetOlderThan(Infinity)
      return this.files.open(root, path)
    }
  }

  private keep(key: string, finding: Finding): void {
    const before = this.findings.get(key)
    if (before !== undefined) this.forget(key, before)
    for (const [oldest, each] of this.findings) {
      if (this.findings.size < this.bounds.files) break
      this.forget(oldest, each)
    }
    this.findings.set(key, finding)
    this.sweeping ??= this.clock.every(this.bounds.validMs, () => this.sweep())
  }

  private forget(key: string, { found }: Finding): void {
    this.findings.delete(key)
    if (typeof found !== 'string') found.letGo()
  }

  private sweep(): void {
    this.forgetOlderThan(this.clock.now() - this.bounds.validMs)
    if (this.findings.size > 0) return
    this.sweeping?.stop()
    this.sweeping = null
  }

  private forgetOlderThan(ms: number): void {
    for (const [key, finding] of this.findings) if (finding.atMs <= ms) this.forget(key, finding)
  }
}

/** Facts are kept in milliseconds, which are less exact than the kernel's nanoseconds. */
const ROUNDED_MS = 0.001

const isSame = (one: number, other: number): boolean => Math.abs(one - other) < ROUNDED_MS

/** An open file that is ours until it is let go of, and until all that it was lent to have given it back. */
class KeptFile {
  private isOurs = true

  /** @param users who it is lent to already */
  constructor(
    private readonly file: OpenFile,
    private users: number,
  ) {}

  get isUnchanged(): boolean {
    const { size, mtimeMs, ctimeMs, nlink } = fstatSync(this.file.descriptor)
    const { file } = this
    return nlink > 0 && size === file.size && isSame(mtimeMs, file.modifiedMs) && isSame(ctimeMs, file.changedMs)
  }

  lend(): OpenFile {
    this.users++
    return this.lent()
  }

  /** For one of the users it was made for. */
  lent(): OpenFile {
    return new LentFile(this.file, () => this.giveBack())
  }

  letGo(): void {
    this.isOurs = false
    this.closeIfFree()
  }

  private giveBack(): void {
    this.users--
    this.closeIfFree()
  }

  private closeIfFree(): void {
    if (this.users === 0 && !this.isOurs) this.file.close()
  }
}

class LentFile implements OpenFile {
  readonly descriptor: number
  readonly size: number
  readonly modifiedMs: number
  readonly changedMs: number
  readonly inode: number

  constructor(
    { descriptor, size, modifiedMs, changedMs, inode }: OpenFile,
    readonly close: () => void,
  ) {
    this.descriptor = descriptor
    this.size = size
    this.modifiedMs = modifiedMs
    this.changedMs = changedMs
    this.inode = inode
  }
}
