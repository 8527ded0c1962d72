import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const MODULE = /\.(?:js|mjs|ts)$/
/** Hidden files, shared code (`_`), declaration files, tests, packages. */
const NO_PLUGIN = /^[._]|\.d\.ts$|\.test\.|^node_modules$/
const INDEXES = ['index.js', 'index.mjs', 'index.ts']

/**
 * Lists the modules of a folder that are plugins: its `.js`, `.mjs` and `.ts` files, and the index of each of its
 * folders that has one. They are sorted by name in code units, so that the order is the same on every machine.
 *
 * @throws the platform's error when the folder cannot be read
 */
export async function pluginFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !NO_PLUGIN.test(name)).sort()
  const files = await Promise.all(names.map((name) => moduleOf(join(folder, name))))
  return files.filter((file) => file !== null)
}

async function moduleOf(path: string): Promise<string | null> {
  const found = await stat(path)
  if (found.isFile()) return MODULE.test(path) ? path : null
  if (!found.isDirectory()) return null
  const names = await readdir(path)
  const index = INDEXES.find((name) => names.includes(name))
  return index === undefined ? null : join(path, index)
}
