import JSON5 from 'json5'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { isTable } from './kinds.js'
import { UnusableFile } from './unusable-file.js'

const JSON5_MESSAGE = /^JSON5: (.*) at (\d+):(\d+)$/

function parseJson5(text: string): unknown {
  try {
    return JSON5.parse<unknown>(text)
  } catch (error) {
    const { message } = error as Error
    throw new UnusableFile(message.replace(JSON5_MESSAGE, '$1 in line $2, column $3'), 'JSON5')
  }
}

/** Loads the parser when the first YAML file is read: its many modules would slow down every start. */
const parseYaml = async (text: string): Promise<unknown> => (await import('./yaml.js')).parseYaml(text)

const PARSERS: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ['.json', parseJson5],
  ['.json5', parseJson5],
  ['.yaml', parseYaml],
  ['.yml', parseYaml],
])

const unknownExtension = (extension: string): UnusableFile =>
  new UnusableFile(
    extension === '' ? 'a file name without extension' : `the extension ${extension}`,
    `one of ${[...PARSERS.keys()].join(', ')}`,
  )

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UnusableFile(code === 'ENOENT' ? 'no such file' : message, 'a readable file')
  }
}

/**
 * Reads a configuration file. The extension of its name decides the format: JSON5 or YAML.
 *
 * @returns its keys and values, not checked; `{}` for an empty file
 * @throws {UnusableFile} when it is missing, malformed or no table of keys and values
 */
export async function readConfigurationFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const extension = extname(path).toLowerCase()
  const parse = PARSERS.get(extension)
  if (parse === undefined) throw unknownExtension(extension)
  const text = await textOf(path)
  const content = text.trim() === '' ? null : await parse(text)
  if (content === null) return {}
  if (!isTable(content)) throw new UnusableFile(Array.isArray(content) ? 'a list' : 'a single value', 'keys and values')
  return content
}
