import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OpenReport } from '../../ports/tools/report-file.js'

/** A file that may be there, and is then written anew; until there is something to write it stays as it is. */
export const openReportFile: OpenReport = async (path) => {
  await telling(path, checkWritable(path))
  return (text) => telling(path, writeFile(path, text))
}

async function telling(path: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${(error as Error).message}`, { cause: error })
  }
}

async function checkWritable(path: string): Promise<void> {
  if (path === '') throw new Error('a file has a name')
  if (path.endsWith('/')) throw new Error('it is a folder')
  const found = await stat(path).catch(() => null)
  if (found === null) return access(dirname(path), constants.W_OK)
  if (found.isDirectory()) throw new Error('it is a folder')
  return access(path, constants.W_OK)
}
