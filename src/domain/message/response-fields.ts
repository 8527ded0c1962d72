import { isFieldValue, isToken } from '../octets/grammar.js'

/**
 * Fields that a handler may not set, since they belong to the server: they frame the message, tell of the connection,
 * or are given to every response.
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

export type FieldLine = readonly [name: string, value: string]

/** The ways a plugin author may write fields: an object with one or several values a name, pairs, or fields made before. */
export type FieldsInit =
  Readonly<Record<string, string | number | readonly string[]>> | Iterable<FieldLine> | ResponseFields

/**
 * The fields that a handler gives its response, checked and written once.
 *
 * The check is made where the fields are made, so that a line break in a value (which would split the response) is an
 * error in the handler's own stack.
 */
export class ResponseFields {
  /** The lines as they go on the wire, each ended by CRLF. */
  readonly wire: string

  /** @throws {TypeError} for a name that is no token, a value with a control character, or a field of the server */
  constructor(readonly lines: readonly FieldLine[]) {
    let wire = ''
    for (const [name, value] of lines) {
      checkFieldLine(name, value)
      wire += `${name}: ${value}\r\n`
    }
    this.wire = wire
  }

  /** @throws {TypeError} as the constructor does */
  static from(init: FieldsInit): ResponseFields {
    if (init instanceof ResponseFields) return init
    return new ResponseFields([...linesOf(init)])
  }

  /** The first value under a name in any case, `null` without one. */
  get(name: string): string | null {
    const wanted = name.toLowerCase()
    return this.lines.find(([each]) => each.toLowerCase() === wanted)?.[1] ?? null
  }

  /** These lines, each of the given ones added where no line has its name. */
  withDefaults(defaults: readonly FieldLine[]): ResponseFields {
    const missing = defaults.filter(([name]) => this.get(name) === null)
    return missing.length === 0 ? this : new ResponseFields([...this.lines, ...missing])
  }
}

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
  if (!isToken(name)) throw new TypeError(`Cannot set field ${JSON.stringify(name)}: its name is not a token`)
  if (SERVER_FIELDS.has(name.toLowerCase())) throw new TypeError(`Cannot set field "${name}": it belongs to the server`)
  if (!isFieldValue(value)) {
    throw new TypeError(`Cannot set field "${name}" to ${JSON.stringify(value)}: a value is one line of latin1 text`)
  }
}
