import { isFieldValue, isToken } from '../octets/grammar.js'

/**
 * Fields that belong to the server, so that a handler cannot set them: they frame the message, describe the connection,
 * or are the same in every response.
 */
const SERVER_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
])

/** One field line: a name and a value. */
export type FieldLine = readonly [name: string, value: string]

/** Fields as a plugin's author writes them: an object with one or several values per name, pairs, or the result of `fields()`. */
export type FieldsInit =
  Readonly<Record<string, string | number | readonly string[]>> | Iterable<FieldLine> | ResponseFields

/**
 * The fields that a handler gives its response, checked and serialized once.
 *
 * The constructor checks them, so that the stack of an error shows the handler that made it. A line break in a value,
 * for example, would split the response.
 */
export class ResponseFields {
  /** The lines as they are sent, each ended by CRLF. */
  readonly wire: string

  /**
   * @throws {TypeError} for a name that is not a token, a value that is not one line of latin1 text, or a field that
   *   belongs to the server
   */
  constructor(readonly lines: readonly FieldLine[]) {
    let wire = ''
    for (const [name, value] of lines) {
      checkFieldLine(name, value)
      wire += `${name}: ${value}\r\n`
    }
    this.wire = wire
  }

  /**
   * Makes fields of any form that an author may write.
   *
   * @throws {TypeError} as the constructor does
   */
  static from(init: FieldsInit): ResponseFields {
    if (init instanceof ResponseFields) return init
    return new ResponseFields([...linesOf(init)])
  }

  /** Returns the first value of a field; `null` if there is none. The letter case of the name does not matter. */
  get(name: string): string | null {
    const wanted = name.toLowerCase()
    return this.lines.find(([each]) => each.toLowerCase() === wanted)?.[1] ?? null
  }

  /** Returns these fields, with each default added whose name is not among them. */
  withDefaults(defaults: readonly FieldLine[]): ResponseFields {
    const missing = defaults.filter(([name]) => this.get(name) === null)
    return missing.length === 0 ? this : new ResponseFields([...this.lines, ...missing])
  }
}

/** No fields. */
export const NO_RESPONSE_FIELDS = new ResponseFields([])

function* linesOf(init: FieldsInit): Iterable<FieldLine> {
  if (Symbol.iterator in init) {
    yield* init as Iterable<FieldLine>
    return
  }
  for (const [name, value] of Object.entries(init)) {
    if (typeof value === 'string' || typeof value === 'number') yield [name, String(value)]
    else for (const each of value) yield [name, each]
  }
}

function checkFieldLine(name: string, value: string): void {
  if (!isToken(name)) throw new TypeError(`Cannot set field ${JSON.stringify(name)}: the name is not a token`)
  if (SERVER_FIELDS.has(name.toLowerCase())) throw new TypeError(`Cannot set field "${name}": the server sets it`)
  if (!isFieldValue(value)) {
    throw new TypeError(
      `Cannot set field "${name}" to ${JSON.stringify(value)}: the value must be one line of latin1 text`,
    )
  }
}
