import { close, constants, fstat, open, type BigIntStats } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { NoFile, OpenFile } from '../../ports/serving/files.js'
import { DescriptorFile } from './descriptor-file.js'

const openDescriptor = promisify(open)
const statDescriptor = promisify(fstat)

// On Windows the last three are undefined, which counts as 0.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Opens a file by its real path, on platforms where `openByPathDescriptor` does not work.
 *
 * The real path contains no symbolic links. It is checked, opened without following links, and checked again: it must
 * still be its own real path, and name the file that was opened. One attack remains possible: a folder on the path is
 * exchanged for a link, back, and for the link again, each time exactly between two of these steps. A server whose
 * users can rename folders below the root should therefore run on Linux.
 *
 * @param name the path as the file system reads it
 * @param admits whether a file with this real path may be opened
 * @throws the platform's error
 */
export async function openByRealPath(
  name: string,
  admits: (realPath: string) => Promise<boolean>,
): Promise<OpenFile | NoFile> {
  const path = await realpath(name, 'buffer')
  if (!(await admits(path.toString('latin1')))) return 'missing'
  const found = await lstat(path)
  if (found.isDirectory()) return 'directory'
  return found.isFile() ? openInPlace(path) : 'missing'
}

async function openInPlace(path: Buffer): Promise<OpenFile | NoFile> {
  const descriptor = await openDescriptor(path, READ)
  let file: OpenFile | null = null
  try {
    const opened = await statDescriptor(descriptor, { bigint: true })
    if (opened.isFile() && (await isInPlace(path, opened))) file = new DescriptorFile(descriptor, opened)
    return file ?? 'missing'
  } finally {
    if (file === null) close(descriptor)
  }
}

async function isInPlace(path: Buffer, opened: BigIntStats): Promise<boolean> {
  const isReal = path.equals(await realpath(path, 'buffer'))
  const found = await lstat(path, { bigint: true })
  return isReal && found.ino === opened.ino && found.dev === opened.dev
}
