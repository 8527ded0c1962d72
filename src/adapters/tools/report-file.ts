import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OpenReport } from '../../ports/tools/report-file.js'

/** Opens a report in a file. An existing file is overwritten, but not before there is something to write. */
export const openReportFile: OpenReport = async (path) => {
  await naming(path, checkWritable(path))
  return (text) => naming(path, writeFile(path, text))
}

async function naming(path: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${(error as Error).message}`, { cause: error })
  }
}

async function checkWritable(path: string): Promise<void> {
  if (path === '') throw new Error('the file name is empty')
  if (path.endsWith('/')) throw new Error('it is a folder')
  const found = await stat(path).catch(() => null)
  if (found === null) return access(dirname(path), constants.W_OK)
  if (found.isDirectory()) throw new Error('it is a folder')
  return access(path, constants.W_OK)
}
