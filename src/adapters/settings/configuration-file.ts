import JSON5 from 'json5'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { type Document, parseDocument } from 'yaml'
import { isTable } from './kinds.js'

/** A configuration file that cannot be used, and why. */
export class UnusableFile extends Error {
  constructor(
    readonly found: string,
    readonly wanted: string,
  ) {
    super(`Cannot use the configuration file: found ${found}, wanted ${wanted}`)
  }
}

const JSON5_MESSAGE = /^JSON5: (.*) at (\d+):(\d+)$/

function parseJson5(text: string): unknown {
  try {
    return JSON5.parse<unknown>(text)
  } catch (error) {
    const { message } = error as Error
    throw new UnusableFile(message.replace(JSON5_MESSAGE, '$1 in line $2, column $3'), 'JSON5')
  }
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false })
  const [error] = [...document.errors, ...document.warnings]
  if (error === undefined) return valueOf(document)
  const before = text.slice(0, error.pos[0]).split('\n')
  throw new UnusableFile(`${error.message} in line ${before.length}, column ${before.at(-1)!.length + 1}`, 'YAML')
}

function valueOf(document: Document): unknown {
  try {
    const value: unknown = document.toJS()
    // An alias inside its own anchor makes a value without end, which only walking all of it tells.
    JSON.stringify(value)
    return value
  } catch (error) {
    throw new UnusableFile((error as Error).message.split('\n')[0]!, 'YAML whose aliases come to an end')
  }
}

const PARSERS: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ['.json', parseJson5],
  ['.json5', parseJson5],
  ['.yaml', parseYaml],
  ['.yml', parseYaml],
])

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UnusableFile(code === 'ENOENT' ? 'no such file' : message, 'a file that can be read')
  }
}

/**
 * Reads a configuration file by its extension.
 *
 * @returns its keys and values as they stand; nothing for a file that holds nothing
 * @throws {UnusableFile}
 */
export async function readConfigurationFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const parse = PARSERS.get(extname(path).toLowerCase())
  if (parse === undefined) throw new UnusableFile('another extension', `one of ${[...PARSERS.keys()].join(', ')}`)
  const text = await textOf(path)
  const content = text.trim() === '' ? null : parse(text)
  if (content === null) return {}
  if (!isTable(content)) throw new UnusableFile(Array.isArray(content) ? 'a list' : 'a single value', 'keys and values')
  return content
}
