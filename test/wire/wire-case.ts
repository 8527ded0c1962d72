import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

/*
 * The cases are in `cases/*.wire`; cases/README.md describes their notation. Tests run from the root of the repository,
 * compiled or not, so that the files are found there and need no copy beside the code.
 */

const CASES = resolve('test/wire/cases')

/** An expected request; a property that is null is not checked. */
export interface ExpectedRequest {
  kind: 'request'
  method: string
  target: string
  version: string
  /** The head must be read, but not the end of the content. */
  begins: boolean
  content: Buffer
  /** In place of `content`, when it is long. */
  contentOctets: number | null
  trailers: [name: string, value: string][]
  fields: [name: string, value: string][]
  path: string | null
  query: string | null
  authority: string | null
  closes: boolean
}

interface ExpectedRefusal {
  kind: 'refusal'
  status: number
  rule: string
}

/** `waits`: the octets end inside a request; `idle`: they end before one. */
type ExpectedEnd = ExpectedRefusal | { kind: 'waits' | 'idle' } | null

export interface WireCase {
  readonly name: string
  readonly octets: Buffer
  readonly limits: Readonly<Record<string, number>>
  readonly requests: readonly ExpectedRequest[]
  readonly end: ExpectedEnd
}

/** Every case, by the name of its file. */
export function wireCases(): Map<string, WireCase[]> {
  const files = readdirSync(CASES).filter((file) => file.endsWith('.wire'))
  return new Map(files.sort().map((file) => [file, readCases(readFileSync(join(CASES, file), 'utf8'))]))
}

/** @throws {Error} that names the line that cannot be read */
export function readCases(text: string): WireCase[] {
  const blocks = text.split(/^# /m).slice(1)
  return blocks.map((block) => {
    const [name = '', ...lines] = block.split('\n')
    return readCase(name, lines)
  })
}

function readCase(name: string, lines: readonly string[]): WireCase {
  const limits: Record<string, number> = {}
  const requests: ExpectedRequest[] = []
  let octets = ''
  let end: ExpectedEnd = null
  for (const line of lines) {
    if (line.startsWith('! ')) readLimit(line.slice(2), limits)
    else if (line.startsWith('>')) octets += sentLine(line.slice(1).replace(/^ /, ''))
    else if (line.startsWith('<   ')) readDetail(line.slice(4), requests.at(-1)!)
    else if (line.startsWith('< ')) end = readOutcome(line.slice(2), requests) ?? end
    else if (/^\s/.test(line)) throw new Error(`Cannot read "${line}" in case "${name}": prose begins at the margin`)
  }
  if (requests.length === 0 && end === null) throw new Error(`Cannot read case "${name}": it expects nothing`)
  return { name, octets: Buffer.from(octets, 'latin1'), limits, requests, end }
}

function readLimit(line: string, limits: Record<string, number>): void {
  const [limit, value] = line.split(' ')
  limits[limit!] = Number(value)
}

function sentLine(line: string): string {
  // A lone `\` at the end takes the CRLF away; `\\` there is a backslash and leaves it.
  const bare = /(?<!\\)(?:\\\\)*\\$/.test(line)
  return bare ? unescape(line.slice(0, -1)) : `${unescape(line)}\r\n`
}

function readOutcome(line: string, requests: ExpectedRequest[]): ExpectedEnd {
  if (line === 'waits' || line === 'idle') return { kind: line }
  const refusal = /^(\d{3}) (\S+)$/.exec(line)
  if (refusal !== null) return { kind: 'refusal', status: Number(refusal[1]), rule: refusal[2]! }
  const begins = line.startsWith('begins ')
  const [method, target, version] = (begins ? line.slice('begins '.length) : line).split(' ')
  requests.push({
    kind: 'request',
    method: method!,
    target: unescape(target!),
    version: version!,
    begins,
    content: Buffer.alloc(0),
    contentOctets: null,
    trailers: [],
    fields: [],
    path: null,
    query: null,
    authority: null,
    closes: false,
  })
  return null
}

function readDetail(line: string, request: ExpectedRequest): void {
  const [, key, rest = ''] = /^([a-z-]+):? ?(.*)$/.exec(line)!
  switch (key) {
    case 'content':
      request.content = Buffer.from(unescape(rest), 'latin1')
      break
    case 'content-octets':
      request.contentOctets = Number(rest)
      break
    case 'field':
      request.fields.push(fieldLine(rest))
      break
    case 'trailer':
      request.trailers.push(fieldLine(rest))
      break
    case 'path':
    case 'query':
    case 'authority':
      request[key] = rest
      break
    case 'closes':
      request.closes = true
      break
    default:
      throw new Error(`Cannot read "${line}": found a detail that cases/README.md does not describe`)
  }
}

function fieldLine(text: string): [name: string, value: string] {
  const [, name, value] = /^(.*?): ?(.*)$/.exec(text)!
  return [name!, unescape(value!)]
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', s: ' ', '0': '\0' }

/** Expands the escapes and repeats of a sent line into octets, as latin1 text. */
export function unescape(text: string): string {
  return sequence(text, 0, false)[0]
}

function sequence(text: string, from: number, inRepeat: boolean): [octets: string, end: number] {
  let octets = ''
  let at = from
  while (at < text.length && !(inRepeat && text[at] === '}')) {
    const [piece, end] =
      text[at] === '\\' ? escape(text, at) : opensRepeat(text, at) ? repeat(text, at) : [text[at]!, at + 1]
    octets += piece
    at = end
  }
  return [octets, at]
}

function escape(text: string, at: number): [octets: string, end: number] {
  const code = text[at + 1]!
  if (code === 'x') return [String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 4), 16)), at + 4]
  return [ESCAPES[code] ?? code, at + 2]
}

/** A brace opens a repeat only if `*count}` closes it, so that a target can contain raw braces. */
function opensRepeat(text: string, at: number): boolean {
  return text[at] === '{' && /\*\d+\}/.test(text.slice(at))
}

function repeat(text: string, at: number): [octets: string, end: number] {
  const [inner, end] = sequence(text, at + 1, true)
  const [, octets, count] = /^([^]*)\*(\d+)$/.exec(inner)!
  return [octets!.repeat(Number(count)), end + 1]
}
