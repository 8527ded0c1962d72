import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { HELLO_INCOMPLETE, HelloReader } from '../../../src/domain/tls/client-hello.js'

const HANDSHAKE = 22
const CLIENT_HELLO = 1

type Octets = readonly number[]

/** A number of the given length in octets, the most significant first. */
const number = (value: number, size: number): Octets =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256)
/** A TLS vector: the length of the octets, then the octets. */
const vector = (lengthSize: number, octets: Octets): Octets => [...number(octets.length, lengthSize), ...octets]
const text = (value: string): Octets => [...Buffer.from(value, 'latin1')]
const extension = (type: number, data: Octets): Octets => [...number(type, 2), ...vector(2, data)]
const names = (...entries: [type: number, name: string][]): Octets =>
  extension(
    0,
    vector(
      2,
      entries.flatMap(([type, name]) => [type, ...vector(2, text(name))]),
    ),
  )

const ALPN = extension(16, vector(2, vector(1, text('http/1.1'))))
const BEFORE = [...number(0x0303, 2), ...Array<number>(32).fill(7), ...vector(1, Array<number>(32).fill(9))]
const UP_TO_EXTENSIONS = [...BEFORE, ...vector(2, number(0x1301, 2)), ...vector(1, [0])]

const body = (...extensions: Octets[]): Octets => [...UP_TO_EXTENSIONS, ...vector(2, extensions.flat())]
const message = (content: Octets, type = CLIENT_HELLO): Octets => [type, ...vector(3, content)]
const record = (content: Octets, type = HANDSHAKE): Octets => [type, 3, 1, ...vector(2, content)]
const hello = (...extensions: Octets[]): Octets => record(message(body(...extensions)))

/** The result of reading the octets in these pieces. */
function readIn(pieces: readonly Octets[]): ReturnType<HelloReader['read']> {
  const reader = new HelloReader()
  for (const piece of pieces) {
    const found = reader.read(Uint8Array.from(piece))
    if (found !== HELLO_INCOMPLETE) return found
  }
  return HELLO_INCOMPLETE
}

const octetByOctet = (octets: Octets): Octets[] => octets.map((octet) => [octet])

/** Cuts octets at these positions. */
function cut(octets: Octets, places: readonly number[]): Octets[] {
  const at = [...new Set(places.map((place) => place % octets.length))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => octets.slice(from, at[i])).filter((piece) => piece.length > 0)
}

describe('HelloReader', () => {
  const cases: [rule: string, octets: Octets, name: ReturnType<HelloReader['read']>][] = [
    ['a name', hello(names([0, 'a.example'])), 'a.example'],
    ['a name in any case, in lower case', hello(names([0, 'A.Example'])), 'a.example'],
    ['a name after other extensions', hello(ALPN, names([0, 'a.example'])), 'a.example'],
    ['a name after one of another type', hello(names([1, 'other'], [0, 'a.example'])), 'a.example'],
    ['the first of two names', hello(names([0, 'a.example'], [0, 'b.example'])), 'a.example'],
    ['the longest name', hello(names([0, 'a'.repeat(255)])), 'a'.repeat(255)],
    ['only other extensions', hello(ALPN), null],
    ['no extension', hello(), null],
    ['no extensions vector', record(message(UP_TO_EXTENSIONS)), null],
    ['no name in the list', hello(names()), null],
    ['a list without its length', hello(extension(0, [])), null],
    ['only names of other types', hello(names([1, 'a.example'])), null],
    ['an empty name', hello(names([0, ''])), null],
    ['a name that is too long', hello(names([0, 'a'.repeat(256)])), null],
    ['a name with a NUL', hello(names([0, 'a.example\0.b.example'])), null],
    ['a name with a space', hello(names([0, 'a example'])), null],
    ['a name beyond ASCII', hello(names([0, 'b\xfccher.example'])), null],
    ['a name shorter than its length says', hello(extension(0, vector(2, [0, 0, 9, ...text('a.b')]))), null],
    ['a list shorter than its length says', hello(extension(0, [0, 99, 0, 0, 1, 97])), null],
    ['an extension shorter than its length says', record(message([...UP_TO_EXTENSIONS, 0, 5, 0, 0, 0, 9, 0])), null],
    ['extensions shorter than their length says', record(message([...UP_TO_EXTENSIONS, 0, 9, 0])), null],
    ['a session that reaches beyond the end', record(message([...BEFORE.slice(0, 34), 200])), null],
    ['an empty message', record(message([])), null],
    ['another message of a handshake', record(message(body(names([0, 'a.example'])), 2)), null],
    ['another kind of record', record(message(body(names([0, 'a.example']))), 23), null],
    ['a record without content', record([]), null],
    ['a record that is too long', [HANDSHAKE, 3, 1, ...number(16_384 + 257, 2)], null],
    ['plain HTTP', text('GET / HTTP/1.1\r\n'), null],
    ['a hello that is too long', [HANDSHAKE, 3, 1, ...number(4, 2), CLIENT_HELLO, ...number(16_385, 3)], null],
    ['an incomplete hello', hello(names([0, 'a.example'])).slice(0, -1), HELLO_INCOMPLETE],
    ['only a header', hello().slice(0, 5), HELLO_INCOMPLETE],
    ['nothing', [], HELLO_INCOMPLETE],
  ]
  for (const [rule, octets, name] of cases) {
    it(`finds ${name === HELLO_INCOMPLETE ? 'nothing yet' : name === null ? 'no name' : 'the name'} in ${rule}`, () => {
      assert.equal(readIn([octets]), name)
      assert.equal(readIn(octetByOctet(octets)), name)
    })
  }

  it('accepts the longest hello', () => {
    const room = 16_384 - body(names([0, 'a.example']), extension(21, [])).length
    const padded = message(body(extension(21, Array<number>(room).fill(0)), names([0, 'a.example'])))
    assert.lengthOf(padded, 16_384 + 4)
    assert.equal(readIn([[...record(padded.slice(0, 9000)), ...record(padded.slice(9000))]]), 'a.example')
  })

  it('leaves what follows unread', () => {
    assert.equal(readIn([[...hello(names([0, 'a.example'])), 1, 2, 3]]), 'a.example')
  })

  it('gives the same result for any division into records and reads', () => {
    const places = fc.array(fc.nat(), { maxLength: 12 })
    const property = fc.property(fc.domain(), places, places, (name, recordCuts, readCuts) => {
      const octets = cut(message(body(ALPN, names([0, name]), ALPN)), recordCuts).flatMap((piece) => record(piece))
      assert.equal(readIn(cut(octets, readCuts)), name.toLowerCase())
    })
    fc.assert(property)
  })

  it('gives the same result for any octets in any delivery, and reads none twice', () => {
    const soup = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 3, HANDSHAKE)), { maxLength: 200 })
    const damaged = fc.tuple(fc.nat(), fc.nat(255)).map(([place, octet]) => {
      const octets = [...hello(ALPN, names([0, 'a.example']))]
      octets[place % octets.length] = octet
      return octets
    })
    const property = fc.property(fc.oneof(soup, damaged), fc.array(fc.nat(), { maxLength: 6 }), (octets, places) => {
      const whole = readIn([octets])
      if (octets.length > 0) assert.equal(readIn(cut(octets, places)), whole)
      if (typeof whole === 'string') assert.match(whole, /^[\w.-]{1,255}$/)
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
