import { closeSync, constants, fstatSync, open, openSync, readlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import type { NoFile, OpenFile } from '../../ports/serving/files.js'
import { DescriptorFile } from './descriptor-file.js'

const openPath = promisify(open)

/** Linux's O_PATH, which Node does not name: the same number on every processor that Node runs on. */
const O_PATH = 0o10000000
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Opens a file by way of a descriptor that only says where it is (open(2), O_PATH).
 *
 * Such a descriptor holds on to an inode without opening it: no FIFO waits for its writer, no device notices. What it
 * holds is then looked at, and its real path asked of the kernel; only if both are good is it opened for reading, not by
 * name but by the descriptor. So the file that is read is the very one that was looked at, whatever happens to the names
 * on the way to it meanwhile.
 *
 * Only the walk down the path can wait for a disk, and goes to the thread pool. The other calls find the inode in memory,
 * and are made where we are: sending the second open to the pool too doubled the cost (76 µs of processor for 38).
 */
export async function openByPathDescriptor(
  name: string,
  admits: (realPath: string) => Promise<boolean>,
): Promise<OpenFile | NoFile> {
  const located = await openPath(name, O_PATH)
  try {
    const stat = fstatSync(located, { bigint: true })
    if (!stat.isFile() && !stat.isDirectory()) return 'missing'
    if (!(await admits(realPathOf(located)))) return 'missing'
    if (stat.isDirectory()) return 'directory'
    return new DescriptorFile(openSync(linkTo(located), READ), stat)
  } finally {
    closeSync(located)
  }
}

/** Whether this platform has path descriptors and shows them under /proc. */
export function hasPathDescriptors(): boolean {
  try {
    const located = openSync('/', O_PATH)
    try {
      closeSync(openSync(linkTo(located), READ))
      return realPathOf(located) === '/'
    } finally {
      closeSync(located)
    }
  } catch {
    return false
  }
}

function linkTo(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`
}

function realPathOf(descriptor: number): string {
  return readlinkSync(linkTo(descriptor), 'latin1')
}
