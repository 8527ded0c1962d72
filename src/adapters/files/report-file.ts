import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OpenReport } from '../../ports/report-file.js'

/** A file that may be there, and is then written anew; until there is something to write it stays as it is. */
export const openReportFile: OpenReport = async (path) => {
  try {
    await checkWritable(path)
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${(error as Error).message}`, { cause: error })
  }
  return (text) => writeFile(path, text)
}

async function checkWritable(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found === null) return access(dirname(path), constants.W_OK)
  if (found.isDirectory()) throw new Error('it is a folder')
  return access(path, constants.W_OK)
}
