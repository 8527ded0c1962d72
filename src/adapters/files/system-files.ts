import type { Files, NoFile, OpenFile } from '../../ports/serving/files.js'
import { hasPathDescriptors, openByPathDescriptor } from './open-by-path-descriptor.js'
import { openByRealPath } from './open-by-real-path.js'
import { isPlainPath } from './plain-path.js'
import { RealRoots } from './real-roots.js'

/**
 * A way to open a file only after its real path was found good.
 *
 * @param name the path as the file system takes it
 * @param admits whether something with this real path (latin1, an octet each character) may be opened or spoken of
 * @throws the platform's error
 */
export type OpenAdmitted = (name: string, admits: (realPath: string) => Promise<boolean>) => Promise<OpenFile | NoFile>

/** What the platform's errors mean; any other is the world's fault. */
const MEANING: Readonly<Record<string, NoFile>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ELOOP: 'missing',
  ENAMETOOLONG: 'missing',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
}

/** The files of this machine. */
export class SystemFiles implements Files {
  private readonly roots: RealRoots

  /** @param now milliseconds that never go back */
  constructor(
    private readonly openAdmitted: OpenAdmitted = hasPathDescriptors() ? openByPathDescriptor : openByRealPath,
    now: () => number = () => performance.now(),
  ) {
    this.roots = new RealRoots(now)
  }

  async open(root: string | null, path: string): Promise<OpenFile | NoFile> {
    if (path.includes('\0') || (root !== null && !isPlainPath(path))) return 'missing'
    try {
      if (root === null) return await this.openAdmitted(path, () => Promise.resolve(true))
      return await this.openAdmitted(`${root}/${path}`, (realPath) => this.roots.contain(root, realPath))
    } catch (error) {
      return meaningOf(error)
    }
  }
}

function meaningOf(error: unknown): NoFile {
  const meaning = MEANING[(error as NodeJS.ErrnoException).code ?? '']
  if (meaning === undefined) throw error
  return meaning
}
