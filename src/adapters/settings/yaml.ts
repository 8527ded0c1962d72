import { parseDocument, type Document } from 'yaml'
import { UnusableFile } from './unusable-file.js'

/**
 * Parses a YAML file.
 *
 * @throws {UnusableFile} with the place of the first error or warning; also for aliases inside their own anchors
 */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false })
  const [error] = [...document.errors, ...document.warnings]
  if (error === undefined) return valueOf(document)
  const before = text.slice(0, error.pos[0]).split('\n')
  throw new UnusableFile(`${error.message} in line ${before.length}, column ${before.at(-1)!.length + 1}`, 'YAML')
}

function valueOf(document: Document): unknown {
  try {
    const value: unknown = document.toJS()
    // An alias inside its own anchor makes a circular value, which only a walk through all of it discovers.
    JSON.stringify(value)
    return value
  } catch (error) {
    throw new UnusableFile((error as Error).message.split('\n')[0]!, 'YAML without circular aliases')
  }
}
