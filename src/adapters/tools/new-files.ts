import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import type { NewFile, NewFolder, WriteNew } from '../../ports/tools/new-files.js'

const FOUND: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'a file system that is read-only',
  ENOSPC: 'no space left',
}

export const writeNewFiles: WriteNew = async (folder, files) => {
  await makeFolder(folder)
  const made: string[] = []
  try {
    for (const file of files) await writeNew(file, made)
  } catch (error) {
    // Should one stay nevertheless, the error before is still the one to tell.
    await Promise.allSettled(made.map((path) => rm(path)))
    throw error
  }
}

async function makeFolder({ path, mode }: NewFolder): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode })
  } catch (error) {
    throw failure(`make the folder "${path}"`, 'found a file in its place, wanted a folder or nothing', error)
  }
}

/** @param made the path is appended once the file is there by our doing, and so ours to take away */
async function writeNew(file: NewFile, made: string[]): Promise<void> {
  try {
    // Looking whether it is there and opening it are one step: between two, someone else could put one there.
    const handle = await open(file.path, 'wx', file.mode)
    made.push(file.path)
    await fill(handle, file)
  } catch (error) {
    throw failure(`write "${file.path}"`, 'found a file of that name, wanted none: nothing is overwritten', error)
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

/** @param taken what to say where something else has the name already */
function failure(task: string, taken: string, cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const other = `found ${FOUND[code] ?? message}, wanted a place that can be written to`
  return new Error(`Cannot ${task}: ${['EEXIST', 'ENOTDIR'].includes(code) ? taken : other}`, { cause })
}
