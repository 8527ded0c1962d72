/** A response as a peer reads it. */
export interface ParsedResponse {
  readonly status: number
  readonly reason: string
  /** Names in lower case, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly content: Buffer
}

/**
 * Reads responses by the rules of RFC 9112, without any code of the server, so that the two check each other. Interim
 * responses are returned like any other.
 *
 * @param methods the methods of the requests, in order: a response to HEAD has no content
 * @throws {Error} for octets that are not complete responses
 */
export function parseResponses(octets: Buffer, methods: readonly string[]): ParsedResponse[] {
  const responses: ParsedResponse[] = []
  let rest = octets.toString('latin1')
  let answered = 0
  while (rest !== '') {
    const [head, behind] = cut(rest, '\r\n\r\n')
    const response = parseHead(head)
    const [content, after] = contentOf(response, behind, methods[answered] ?? '')
    responses.push({ ...response, content: Buffer.from(content, 'latin1') })
    if (response.status >= 200) answered++
    rest = after
  }
  return responses
}

type ParsedHead = Omit<ParsedResponse, 'content'>

/** Every value under a name in lower case. */
export function valuesOf(response: ParsedHead, name: string): string[] {
  return response.fields.filter(([each]) => each === name).map(([, value]) => value)
}

function parseHead(head: string): ParsedHead {
  const [statusLine = '', ...lines] = head.split('\r\n')
  const parts = /^HTTP\/1\.1 ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(statusLine)
  if (parts === null) throw new Error(`Cannot read a response: found status line ${JSON.stringify(statusLine)}`)
  return { status: Number(parts[1]), reason: parts[2]!, fields: lines.map(parseLine) }
}

function parseLine(line: string): [name: string, value: string] {
  const parts = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(|[\t -~\x80-\xff]*[!-~\x80-\xff])[ \t]*$/.exec(line)
  if (parts === null) throw new Error(`Cannot read a response: found field line ${JSON.stringify(line)}`)
  return [parts[1]!.toLowerCase(), parts[2]!]
}

/** The length of the content by RFC 9112 §6.3, for a recipient. */
function contentOf(head: ParsedHead, behind: string, method: string): [content: string, after: string] {
  const lengths = valuesOf(head, 'content-length')
  const codings = valuesOf(head, 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new Error('Cannot read a response: found two framings')
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return ['', behind]
  if (codings.length === 1) return chunksOf(behind)
  if (lengths.length === 0) return [behind, '']
  const length = Number(lengths[0])
  if (behind.length < length) throw new Error(`Cannot read a response: found ${behind.length} of ${length} octets`)
  return [behind.slice(0, length), behind.slice(length)]
}

function chunksOf(text: string): [content: string, after: string] {
  let content = ''
  let rest = text
  for (;;) {
    const [size, behind] = cut(rest, '\r\n')
    if (!/^[0-9a-f]+$/.test(size)) throw new Error(`Cannot read a chunk: found size ${JSON.stringify(size)}`)
    const length = Number.parseInt(size, 16)
    content += behind.slice(0, length)
    const end = behind.slice(length, length + 2)
    if (end !== '\r\n') throw new Error(`Cannot read a chunk: found ${JSON.stringify(end)} after its data`)
    rest = behind.slice(length + 2)
    if (length === 0) return [content, rest]
  }
}

function cut(text: string, at: string): [before: string, behind: string] {
  const index = text.indexOf(at)
  if (index === -1) throw new Error(`Cannot read a response: found no ${JSON.stringify(at)} in ${JSON.stringify(text)}`)
  return [text.slice(0, index), text.slice(index + at.length)]
}
