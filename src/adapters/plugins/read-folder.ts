import { pathToFileURL } from 'node:url'
import type { LoadedPlugin } from '../../ports/plugins.js'
import { prepareImports } from './module-hooks.js'
import { pluginFiles } from './plugin-files.js'
import { checkPlugin, type Checked } from './plugin-shape.js'
import { reasonOf } from './plugin-failure.js'

const OWN_FOLDER = new URL('../../', import.meta.url).href

/** Imports all plugins of a folder, one after the other in the order of their names. */
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
    return { value: [], problems: [`Cannot load plugin "${file}": ${reasonOf(error)}${placeOf(error)}${hintOf(error)}`] }
  }
}

/** Where an import failed: the first place in the stack that is not the server's own. */
function placeOf(error: unknown): string {
  const { stack = '', message } = error instanceof Error ? error : new Error()
  const places = [...stack.matchAll(/file:\/\/\S+?:\d+/g)].map(([place]) => place)
  const place = places.find((each) => !each.startsWith(OWN_FOLDER))
  return place === undefined || /^\S+:\d+:\d+: /.test(message) ? '' : ` (at ${place.slice('file://'.length)})`
}

/** Node takes a module for CommonJS where a package says so, and then tells of a token. */
function hintOf(error: unknown): string {
  const isModuleSyntax = error instanceof SyntaxError && /Unexpected token 'export'|outside a module/.test(error.message)
  return isModuleSyntax ? '; its package.json makes it CommonJS: wanted "type": "module", or the extension .mjs' : ''
}
