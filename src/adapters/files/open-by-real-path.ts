import { close, constants, fstat, open, type BigIntStats } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { NoFile, OpenFile } from '../../ports/serving/files.js'
import { DescriptorFile } from './descriptor-file.js'

const openDescriptor = promisify(open)
const statDescriptor = promisify(fstat)

// Windows lacks the last three; there they are undefined, which counts as 0.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Opens a file by its real path: for platforms where `openByPathDescriptor` does not work.
 *
 * The real path has no link on it. It is looked at, opened without following links, and then looked at again: it must
 * still be its own real path, and name the very file that was opened. What this cannot tell is a folder on the path that
 * is exchanged for a link, back, and for the link again, each time in the moment between two of these steps: whoever
 * lets strangers rename folders below the root needs Linux.
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
