import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import type { NewFile, NewFolder, WriteNew } from '../../ports/tools/new-files.js'

const FOUND: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'a read-only file system',
  ENOSPC: 'no space left',
}

/** Creates new files, all or none. */
export const writeNewFiles: WriteNew = async (folder, files) => {
  await makeFolder(folder)
  const made: string[] = []
  try {
    for (const file of files) await writeNew(file, made)
  } catch (error) {
    // Ignores files that cannot be removed: the first error is the one to report.
    await Promise.allSettled(made.map((path) => rm(path)))
    throw error
  }
}

async function makeFolder({ path, mode }: NewFolder): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode })
  } catch (error) {
    throw failure(`make the folder "${path}"`, 'found a file in its path, wanted a folder or nothing', error)
  }
}

/** @param made collects the path as soon as this call has created the file, so that it can be removed again */
async function writeNew(file: NewFile, made: string[]): Promise<void> {
  try {
    // The flag `wx` checks and creates in one step. Between two steps, another process could create the file.
    const handle = await open(file.path, 'wx', file.mode)
    made.push(file.path)
    await fill(handle, file)
  } catch (error) {
    throw failure(`write "${file.path}"`, 'found a file with that name; existing files are never overwritten', error)
  }
}

async function fill(handle: FileHandle, { text, mode }: NewFile): Promise<void> {
  try {
    await handle.chmod(mode)
    await handle.writeFile(text)
  } finally {
    await handle.close()
  }
}

/** @param taken the explanation when the name already exists */
function failure(task: string, taken: string, cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const other = `found ${FOUND[code] ?? message}, wanted a writable folder`
  return new Error(`Cannot ${task}: ${['EEXIST', 'ENOTDIR'].includes(code) ? taken : other}`, { cause })
}
