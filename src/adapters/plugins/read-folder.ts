import { pathToFileURL } from 'node:url'
import type { LoadedPlugin } from '../../ports/plugins/plugin-source.js'
import { importFailure } from './import-failure.js'
import { prepareImports } from './module-hooks.js'
import { pluginFiles } from './plugin-files.js'
import { checkPlugin, type Checked } from './plugin-shape.js'
import { reasonOf } from './plugin-failure.js'

/** Imports all plugins of a folder, one after another in the order of their names. */
export async function readFolder(folder: string, shipped: boolean): Promise<Checked<LoadedPlugin[]>> {
  const read: Checked<LoadedPlugin[]>[] = []
  try {
    const files = await pluginFiles(folder)
    await prepareImports(folder, files)
    for (const file of files) read.push(await readPlugin(file, shipped))
  } catch (error) {
    read.push({ value: [], problems: [`Cannot read plugin folder "${folder}": ${reasonOf(error)}`] })
  }
  return { value: read.flatMap(({ value }) => value), problems: read.flatMap(({ problems }) => problems) }
}

async function readPlugin(file: string, shipped: boolean): Promise<Checked<LoadedPlugin[]>> {
  try {
    const exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    const { value: plugin, problems } = checkPlugin(exports, file)
    return { value: problems.length > 0 ? [] : [{ name: plugin.name, file, shipped, plugin }], problems }
  } catch (error) {
    return { value: [], problems: [`Cannot load plugin "${file}": ${await importFailure(error, file)}`] }
  }
}
