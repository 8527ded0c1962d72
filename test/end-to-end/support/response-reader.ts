/** A response as a peer reads it off the wire. */
export interface RawResponse {
  readonly status: number
  readonly reason: string
  /** In order, names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Decoded; latin1. */
  readonly content: string
  /** How its end was told. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
}

export interface Read {
  readonly response: RawResponse
  /** How many octets it took. */
  readonly octets: number
}

/** Octets that are no response, or that end inside one. */
class ResponseError extends Error {
  override readonly name = 'ResponseError'
}

type Head = Pick<RawResponse, 'status' | 'reason' | 'fields'>

const HEAD_END = '\r\n\r\n'

/**
 * Reads one response, as strictly as RFC 9112 can be read, and with nothing of the server's own code, so that the two
 * check each other. An interim response comes out like any other.
 *
 * @param octets what has arrived and not been read, from the response's first octet on
 * @param method of its request, which tells whether it has content
 * @param ended whether no more will come
 * @returns how many octets there must be before it is worth trying again, when they are not all there
 */
export function readResponse(octets: Buffer, method: string, ended: boolean): Read | number {
  const end = octets.indexOf(HEAD_END)
  if (end === -1) return more(octets.length + 1, ended, octets)
  const head = readHead(octets.toString('latin1', 0, end))
  const from = end + HEAD_END.length
  const framing = framingOf(head, method)
  switch (framing) {
    case 'none':
      return { response: { ...head, framing, content: '' }, octets: from }
    case 'length':
      return readLength(octets, head, from, ended)
    case 'chunked':
      return readChunked(octets, head, from, ended)
    case 'close':
      if (!ended) return octets.length + 1
      return { response: { ...head, framing, content: octets.toString('latin1', from) }, octets: octets.length }
  }
}

/** Every value under a name, in lower case. */
export function valuesOf({ fields }: Pick<RawResponse, 'fields'>, name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value)
}

/** The value under a name, in lower case; `undefined` without one. */
export function valueOf(response: Pick<RawResponse, 'fields'>, name: string): string | undefined {
  const values = valuesOf(response, name)
  if (values.length > 1) throw new ResponseError(`Cannot read field ${name}: found ${values.length} lines, wanted one`)
  return values[0]
}

function readHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const parts = /^HTTP\/1\.1 ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(statusLine)
  if (parts === null) throw new ResponseError(`Cannot read status line ${JSON.stringify(statusLine)}`)
  return { status: Number(parts[1]), reason: parts[2]!, fields: lines.map(readLine) }
}

function readLine(line: string): [name: string, value: string] {
  const parts = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?((?:[!-~\x80-\xff][\t -~\x80-\xff]*)?)$/.exec(line)
  if (parts === null) throw new ResponseError(`Cannot read field line ${JSON.stringify(line)}`)
  return [parts[1]!.toLowerCase(), parts[2]!.trimEnd()]
}

/** RFC 9112 §6.3, from the peer's side. */
function framingOf(head: Head, method: string): RawResponse['framing'] {
  const codings = valuesOf(head, 'transfer-encoding')
  const length = valueOf(head, 'content-length')
  if (codings.length > 0 && length !== undefined) throw new ResponseError('Cannot read a response with two framings')
  if (codings.length > 0 && codings.join() !== 'chunked')
    throw new ResponseError(`Cannot read coding ${codings.join()}`)
  if (length !== undefined && !/^(?:0|[1-9]\d*)$/.test(length)) throw new ResponseError(`Cannot read length ${length}`)
  const { status } = head
  if ((status < 200 || status === 204) && (codings.length > 0 || length !== undefined)) {
    throw new ResponseError(`Cannot read a ${status} that is framed`)
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (codings.length > 0) return 'chunked'
  return length === undefined ? 'close' : 'length'
}

function readLength(octets: Buffer, head: Head, from: number, ended: boolean): Read | number {
  const to = from + Number(valueOf(head, 'content-length'))
  if (octets.length < to) return more(to, ended, octets)
  return { response: { ...head, framing: 'length', content: octets.toString('latin1', from, to) }, octets: to }
}

function readChunked(octets: Buffer, head: Head, from: number, ended: boolean): Read | number {
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
    if (close !== '\r\n') throw new ResponseError(`Cannot read a chunk: found ${JSON.stringify(close)} behind its data`)
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
