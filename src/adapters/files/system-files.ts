import type { Files, NoFile, OpenFile } from '../../ports/serving/files.js'
import { hasPathDescriptors, openByPathDescriptor } from './open-by-path-descriptor.js'
import { openByRealPath } from './open-by-real-path.js'
import { isPlainPath } from './plain-path.js'
import { RealRoots } from './real-roots.js'

/**
 * Opens a file only after its real path has been accepted.
 *
 * @param name the path as the file system reads it
 * @param admits whether a file with this real path (latin1, one octet per character) may be opened or reported
 * @throws the platform's error
 */
export type OpenAdmitted = (name: string, admits: (realPath: string) => Promise<boolean>) => Promise<OpenFile | NoFile>

/** The results for the platform's error codes. Every other error is thrown. */
const MEANING: Readonly<Record<string, NoFile>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ELOOP: 'missing',
  ENAMETOOLONG: 'missing',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
}

/** Opens files of this machine. */
export class SystemFiles implements Files {
  private readonly roots: RealRoots

  /**
   * @param openAdmitted the safest way to open a file on this platform
   * @param now reads a monotonic clock, in milliseconds
   */
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
