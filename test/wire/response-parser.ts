/** A response as a peer sees it on the wire. */
export interface RawResponse {
  readonly status: number
  readonly reason: string
  /** In order, with names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Without its framing, as latin1. */
  readonly content: string
  /** How the end of the content was marked. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
}

/** A response, and the octets that it took. */
export interface Parsed {
  readonly response: RawResponse
  readonly octets: number
}

/** Octets that are not a response, or that end inside one. */
class ResponseError extends Error {
  override readonly name = 'ResponseError'
}

type Head = Pick<RawResponse, 'status' | 'reason' | 'fields'>

const HEAD_END = '\r\n\r\n'

/**
 * Parses one response, interim or final, as strictly as RFC 9112 allows. It shares no code with the server, so that the
 * two check each other.
 *
 * @param octets what has arrived and has not been parsed, from the first octet of the response on
 * @param method the method of the request: a response to HEAD has no content
 * @param ended whether the connection has ended
 * @returns when the response is incomplete, the number of octets that there must be before another attempt can succeed
 * @throws {ResponseError} for a malformed response, and for an incomplete one on a connection that has ended
 */
export function parseResponse(octets: Buffer, method: string, ended: boolean): Parsed | number {
  const end = octets.indexOf(HEAD_END)
  if (end === -1) return more(octets.length + 1, ended, octets)
  const head = parseHead(octets.toString('latin1', 0, end))
  const from = end + HEAD_END.length
  const framing = framingOf(head, method)
  switch (framing) {
    case 'none':
      return { response: { ...head, framing, content: '' }, octets: from }
    case 'length':
      return parseLength(octets, head, from, ended)
    case 'chunked':
      return parseChunked(octets, head, from, ended)
    case 'close':
      if (!ended) return octets.length + 1
      return { response: { ...head, framing, content: octets.toString('latin1', from) }, octets: octets.length }
  }
}

/**
 * Parses octets that are whole responses, after which the connection has ended.
 *
 * @param methods the methods of the requests, in order; the last one is also that of any further requests
 * @throws {ResponseError} for octets that are not whole responses
 */
export function parseResponses(octets: Buffer, methods: readonly string[]): RawResponse[] {
  const responses: RawResponse[] = []
  let finals = 0
  for (let at = 0; at < octets.length;) {
    const parsed = parseResponse(octets.subarray(at), methods[finals] ?? methods.at(-1) ?? 'GET', true)
    // With `ended`, an incomplete response throws.
    if (typeof parsed === 'number') throw new ResponseError('Cannot read a response: found a part of it')
    responses.push(parsed.response)
    if (parsed.response.status >= 200) finals++
    at += parsed.octets
  }
  return responses
}

/** All values of a field, by its name in lower case. */
export function valuesOf({ fields }: Pick<RawResponse, 'fields'>, name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value)
}

/**
 * The value of a field, by its name in lower case; `undefined` without the field.
 *
 * @throws {ResponseError} when the field has several lines
 */
export function valueOf(response: Pick<RawResponse, 'fields'>, name: string): string | undefined {
  const values = valuesOf(response, name)
  if (values.length > 1) throw new ResponseError(`Cannot read field ${name}: found ${values.length} lines, wanted one`)
  return values[0]
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const parts = /^HTTP\/1\.1 ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(statusLine)
  if (parts === null) throw new ResponseError(`Cannot read status line ${JSON.stringify(statusLine)}`)
  return { status: Number(parts[1]), reason: parts[2]!, fields: lines.map(parseLine) }
}

function parseLine(line: string): [name: string, value: string] {
  const parts = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?((?:[!-~\x80-\xff][\t -~\x80-\xff]*)?)$/.exec(line)
  if (parts === null) throw new ResponseError(`Cannot read field line ${JSON.stringify(line)}`)
  return [parts[1]!.toLowerCase(), parts[2]!.trimEnd()]
}

/** The length of the content by RFC 9112 §6.3, for a recipient. */
function framingOf(head: Head, method: string): RawResponse['framing'] {
  const codings = valuesOf(head, 'transfer-encoding')
  const length = valueOf(head, 'content-length')
  if (codings.length > 0 && length !== undefined) throw new ResponseError('Cannot read a response: found two framings')
  if (codings.length > 0 && codings.join() !== 'chunked')
    throw new ResponseError(`Cannot read a response: found transfer coding ${codings.join()}`)
  if (length !== undefined && !/^(?:0|[1-9]\d*)$/.test(length))
    throw new ResponseError(`Cannot read a response: found length ${length}`)
  const { status } = head
  if ((status < 200 || status === 204) && (codings.length > 0 || length !== undefined)) {
    throw new ResponseError(`Cannot read a response with status ${status}: found framing, wanted none`)
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (codings.length > 0) return 'chunked'
  return length === undefined ? 'close' : 'length'
}

function parseLength(octets: Buffer, head: Head, from: number, ended: boolean): Parsed | number {
  const to = from + Number(valueOf(head, 'content-length'))
  if (octets.length < to) return more(to, ended, octets)
  return { response: { ...head, framing: 'length', content: octets.toString('latin1', from, to) }, octets: to }
}

function parseChunked(octets: Buffer, head: Head, from: number, ended: boolean): Parsed | number {
  const pieces: string[] = []
  for (let at = from; ;) {
    const lineEnd = octets.indexOf('\r\n', at)
    if (lineEnd === -1) return more(octets.length + 1, ended, octets)
    const line = octets.toString('latin1', at, lineEnd)
    if (!/^(?:0|[1-9a-f][0-9a-f]*)$/.test(line))
      throw new ResponseError(`Cannot read chunk size ${JSON.stringify(line)}`)
    const dataFrom = lineEnd + 2
    const dataTo = dataFrom + Number.parseInt(line, 16)
    if (octets.length < dataTo + 2) return more(dataTo + 2, ended, octets)
    const close = octets.toString('latin1', dataTo, dataTo + 2)
    if (close !== '\r\n') throw new ResponseError(`Cannot read a chunk: found ${JSON.stringify(close)} after its data`)
    at = dataTo + 2
    if (dataTo === dataFrom) return { response: { ...head, framing: 'chunked', content: pieces.join('') }, octets: at }
    pieces.push(octets.toString('latin1', dataFrom, dataTo))
  }
}

function more(wanted: number, ended: boolean, octets: Buffer): number {
  if (!ended) return wanted
  const tail = JSON.stringify(octets.toString('latin1').slice(-300))
  throw new ResponseError(
    `Cannot read a response: the connection ended inside it, found ${octets.length} octets: ${tail}`,
  )
}
