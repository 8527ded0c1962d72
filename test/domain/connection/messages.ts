import fc from 'fast-check'
import { KNOWN_METHODS } from '../../../src/domain/message/method.js'

/** A request as data, and the octets that express it. */
export interface MeantRequest {
  readonly method: string
  readonly target: string
  readonly minor: number
  readonly fields: [name: string, value: string][]
  readonly content: string
  readonly trailers: [name: string, value: string][]
  readonly closes: boolean
  readonly octets: string
}

const characters = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i))

const among = (text: string): string[] => Array.from(text)

const ALPHANUMERIC = [...characters(0x30, 0x39), ...characters(0x41, 0x5a), ...characters(0x61, 0x7a)]
const textOf = (units: string[], minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...units), minLength, maxLength })

const token = textOf([...ALPHANUMERIC, ...among("!#$%&'*+-.^_`|~")], 1, 12)
const blank = textOf([' ', '\t'], 0, 3)
const value = textOf(['\t', ...characters(0x20, 0x7e), ...characters(0x80, 0xff)], 0, 30).map((text) =>
  text.replace(/^[ \t]+|[ \t]+$/g, ''),
)
const content = textOf(characters(0, 0xff), 0, 60)
const target = textOf([...ALPHANUMERIC, ...among("/-._~!$&'()*+,;=:@?{}|^`")], 0, 20).map((text) => `/${text}`)

/** A field line without meaning to the protocol, as data and as written. */
const line = fc.tuple(token, value, blank, blank).map(([name, meant, before, after]) => ({
  meant: [`x-${name}`.toLowerCase(), meant] as [name: string, value: string],
  wire: `X-${name}:${before}${meant}${after}\r\n`,
}))

const quoted = textOf([...ALPHANUMERIC, ' ', '\t', ';', '=', '\xe9'], 0, 6).map((text) => `"${text}\\""`)
const extension = fc
  .tuple(blank, blank, token, fc.option(fc.tuple(blank, blank, fc.oneof(token, quoted)), { nil: null }))
  .map(
    ([before, after, name, rest]) =>
      `${before};${after}${name}${rest === null ? '' : `${rest[0]}=${rest[1]}${rest[2]}`}`,
  )

/** Content cut into chunks at random, with sizes in any spelling. */
function chunked(whole: string): fc.Arbitrary<string> {
  const spelling = fc.record({
    length: fc.integer({ min: 1, max: 20 }),
    zeros: fc.nat(3),
    upper: fc.boolean(),
    extensions: fc.array(extension, { maxLength: 2 }).map((all) => all.join('')),
  })
  return fc.array(spelling, { minLength: 1, maxLength: 5 }).map((spellings) => {
    let wire = ''
    let at = 0
    for (let i = 0; at < whole.length; i++) {
      const { length, zeros, upper, extensions } = spellings[i % spellings.length]!
      const data = whole.slice(at, at + length)
      const size = data.length.toString(16)
      wire += `${'0'.repeat(zeros)}${upper ? size.toUpperCase() : size}${extensions}\r\n${data}\r\n`
      at += length
    }
    const { zeros, extensions } = spellings[0]!
    return `${wire}0${'0'.repeat(zeros)}${extensions}\r\n`
  })
}

interface Framed {
  readonly content: string
  readonly lines: string
  readonly body: string
  readonly trailers: [name: string, value: string][]
}

const framed: fc.Arbitrary<Framed> = fc.oneof(
  fc.constant<Framed>({ content: '', lines: '', body: '', trailers: [] }),
  content.map((text) => ({ content: text, lines: `Content-Length: ${text.length}\r\n`, body: text, trailers: [] })),
  fc.tuple(content, fc.array(line, { maxLength: 3 })).chain(([text, trailers]) =>
    chunked(text).map((chunks) => ({
      content: text,
      lines: 'Transfer-Encoding: chunked\r\n',
      body: `${chunks}${trailers.map(({ wire }) => wire).join('')}\r\n`,
      trailers: trailers.map(({ meant }) => meant),
    })),
  ),
)

/** A valid request. */
export const requests: fc.Arbitrary<MeantRequest> = fc
  .record({
    empty: fc.nat(4),
    method: fc.constantFrom(...KNOWN_METHODS),
    target,
    lines: fc.array(line, { maxLength: 5 }),
    framed,
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.2', '1.0'),
    connection: fc.constantFrom('', '', 'Connection: close\r\n', 'Connection: keep-alive\r\n'),
  })
  .filter(({ version, framed: { lines } }) => version !== '1.0' || !lines.startsWith('Transfer'))
  .map(({ empty, method, target, lines, framed, version, connection }) => ({
    method,
    target,
    minor: version === '1.0' ? 0 : 1,
    fields: lines.map(({ meant }) => meant),
    content: framed.content,
    trailers: framed.trailers,
    closes: connection.includes('close') || (version === '1.0' && connection === ''),
    octets:
      `${'\r\n'.repeat(empty)}${method} ${target} HTTP/${version}\r\nHost: a\r\n` +
      `${lines.map(({ wire }) => wire).join('')}${connection}${framed.lines}\r\n${framed.body}`,
  }))

/** Several requests on one connection, as octets. */
export const streams = fc
  .array(requests, { maxLength: 4 })
  .map((all) => latin1(all.map(({ octets }) => octets).join('')))

/** Valid messages with a few octets changed, removed, doubled or inserted, as a fuzzer or a smuggler sends them. */
export const mutated: fc.Arbitrary<Buffer> = fc
  .tuple(
    streams,
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...suspects())), { minLength: 1, maxLength: 4 }),
  )
  .map(([octets, mutations]) => {
    let text = octets.toString('latin1')
    for (const [where, how, suspect] of mutations) {
      const at = where % (text.length + 1)
      if (how === 0) text = text.slice(0, at) + suspect + text.slice(at)
      else if (how === 1) text = text.slice(0, at) + suspect + text.slice(at + 1)
      else if (how === 2) text = text.slice(0, at) + text.slice(at + 1)
      else text = text.slice(0, at) + text.slice(Math.max(0, at - 20))
    }
    return latin1(text)
  })

/** Random octets, and random sequences of the protocol's own words. */
export const soup: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
  fc.array(fc.constantFrom(...suspects()), { maxLength: 40 }).map((words) => latin1(words.join(''))),
)

/** Texts that mutations insert into messages. */
function suspects(): string[] {
  const octets = [
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '\t',
    '\0',
    '\x0b',
    '\x7f',
    '\xff',
    ':',
    ';',
    ',',
    '"',
    '0',
    '5',
    'x',
    '-',
  ]
  const words = [
    'GET / HTTP/1.1\r\n',
    'POST',
    'HTTP/1.0',
    'Host: a\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
  ]
  return [
    ...octets,
    ...words,
    'Connection: close\r\n',
    'Expect: 100-continue\r\n',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    '%',
    '#',
  ]
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
