import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Connection } from '../../../src/domain/connection/connection.js'
import { CHUNK_END } from '../../../src/domain/framing/head-writer.js'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import { forbidsContent } from '../../../src/domain/message/status.js'
import { OCTET_BY_OCTET, WHOLE, randomPieces } from '../../wire/deliveries.js'
import { Dialogue, LIMITS, RULES } from '../../wire/dialogue.js'
import { parseResponses, valuesOf } from '../../wire/response-parser.js'
import { mutated, requests, soup, streams } from './messages.js'

const anything = fc.oneof(streams, mutated, soup)
const cuts = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 100 })).map(([seed, longest]) => randomPieces(seed, longest))

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** The events of a connection, as plain data. */
function storyOf({ requests: seen, refusal, connection }: Dialogue): unknown {
  const told = seen.map(({ head, content, trailers, complete, persisted }) => {
    const { fields, ...rest } = head
    return { ...rest, fields: [...fields], content: content.toString('latin1'), trailers, complete, persisted }
  })
  return {
    requests: told,
    refusal: refusal === null ? null : `${refusal.status} ${refusal.rule}`,
    closed: connection.isClosed,
  }
}

describe('Connection, for any octets', () => {
  it('events do not depend on how the octets are cut into pieces', () => {
    const property = fc.property(anything, cuts, (octets, delivery) => {
      const whole = storyOf(Dialogue.of(WHOLE.cut(octets)))
      assert.deepEqual(storyOf(Dialogue.of(delivery.cut(octets))), whole)
      assert.deepEqual(storyOf(Dialogue.of(OCTET_BY_OCTET.cut(octets))), whole)
    })
    fc.assert(property, { numRuns: 400 })
  })

  it('events do not depend on when requests are answered', () => {
    const property = fc.property(
      anything,
      cuts,
      fc.array(fc.boolean(), { minLength: 1 }),
      (octets, delivery, answers) => {
        const late = new Dialogue({}, true)
        delivery.cut(octets).forEach((piece, at) => {
          late.receive(piece)
          if (answers[at % answers.length]!) late.settle()
        })
        late.settle()
        assert.deepEqual(storyOf(late), storyOf(Dialogue.of(WHOLE.cut(octets))))
      },
    )
    fc.assert(property, { numRuns: 400 })
  })

  it('invalid octets cause only a refusal, with a status and a rule', () => {
    const property = fc.property(fc.oneof(mutated, soup), (octets) => {
      const { refusal } = Dialogue.of(WHOLE.cut(octets))
      if (refusal === null) return
      assert.instanceOf(refusal, ProtocolError)
      assert.include([400, 413, 414, 417, 421, 431, 501, 505], refusal.status)
      assert.match(refusal.rule, /^[a-z]+(-[a-z0-9.]+)*$/)
      assert.match(refusal.message, /^Cannot .*[^.]$/)
    })
    fc.assert(property, { numRuns: 400 })
  })

  it('a refusal is final: no event follows it', () => {
    const property = fc.property(anything, anything, (octets, more) => {
      const dialogue = Dialogue.of([octets, Buffer.from('\0\0')])
      fc.pre(dialogue.refusal !== null)
      const before = storyOf(dialogue)
      for (const piece of [more, Buffer.from(GET), Buffer.from(`\r\n\r\n${GET}`)]) dialogue.receive(piece)
      dialogue.end()
      assert.deepEqual(storyOf(dialogue), before)
      assert.isEmpty(dialogue.afterwards)
    })
    fc.assert(property, { numRuns: 200 })
  })

  it("after the peer's end no event is pending", () => {
    const property = fc.property(anything, (octets) => {
      const dialogue = Dialogue.of(WHOLE.cut(octets))
      dialogue.end()
      assert.isTrue(dialogue.connection.isClosed)
      assert.isTrue(dialogue.refusal !== null || dialogue.requests.every(({ complete }) => complete))
    })
    fc.assert(property, { numRuns: 200 })
  })
})

describe('Connection, for valid requests', () => {
  it('requests are read as they were meant', () => {
    const property = fc.property(fc.array(requests, { minLength: 1, maxLength: 4 }), cuts, (meant, delivery) => {
      const octets = Buffer.from(meant.map((each) => each.octets).join(''), 'latin1')
      const dialogue = Dialogue.of(delivery.cut(octets))
      assert.isNull(dialogue.refusal)
      const last = meant.findIndex(({ closes }) => closes)
      const served = last === -1 ? meant : meant.slice(0, last + 1)
      assert.equal(dialogue.requests.length, served.length)
      served.forEach(({ method, target, minor, fields, content, trailers, closes }, at) => {
        const { head, ...seen } = dialogue.requests[at]!
        assert.deepInclude(head, { method, target, minor })
        assert.deepEqual(
          [...head.fields].filter(([name]) => name.startsWith('x-')),
          fields,
        )
        assert.equal(seen.content.toString('latin1'), content)
        assert.deepEqual(seen.trailers, trailers)
        assert.isTrue(seen.complete)
        assert.equal(seen.persisted, !closes)
      })
    })
    fc.assert(property, { numRuns: 300 })
  })

  it('two messages in one delivery are read like two deliveries', () => {
    const property = fc.property(requests, anything, ({ octets, closes }, more) => {
      fc.pre(!closes)
      const first = Buffer.from(octets, 'latin1')
      const both = Dialogue.of([Buffer.concat([first, more])])
      const alone = [Dialogue.of([first]), Dialogue.of([more])] as const
      const [a, b] = alone.map((each) => storyOf(each) as { requests: unknown[] })
      assert.deepEqual(storyOf(both), { ...b, requests: [...a!.requests, ...b!.requests] })
    })
    fc.assert(property, { numRuns: 300 })
  })
})

describe('Connection, for floods', () => {
  const head = 'GET / HTTP/1.1\r\nHost: a\r\n'
  const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const limits = { headOctets: 1000, fields: 20, targetLength: 200, contentOctets: 5000, requestOctets: 40_000 }
  const cases: [flood: string, start: string, more: string, refusal: string, most: number][] = [
    ['empty lines', '', '\r\n', '400 leading-crlf', 10],
    ['a method', '', 'A', '501 method-unknown', 65],
    ['a target', 'GET /', 'a', '414 target-length', 5 + 200],
    ['field lines', head, 'A: b\r\n', '431 field-count', 141],
    ['a field name', head, 'a', '431 head-size', 1001],
    ['a field value', `${head}A: `, 'a', '431 head-size', 1001],
    ['white space before a field value', `${head}A:`, ' ', '431 head-size', 1001],
    ['zeros of a chunk size', chunked, '0', '400 chunk-size', chunked.length + 17],
    ['a chunk extension', `${chunked}1;`, 'a', '400 chunk-extension', chunked.length + 257],
    ['a quoted chunk extension', `${chunked}1;a="`, '"', '400 chunk-extension', chunked.length + 257],
    ['chunks', chunked, '3e8\r\n' + 'x'.repeat(1000) + '\r\n', '413 content-too-large', chunked.length + 5 * 1007 + 5],
    ['tiny chunks', chunked, '1\r\nx\r\n', '413 content-too-large', chunked.length + 5000 * 6 + 3],
    ['trailers', `${chunked}0\r\n`, 'X: y\r\n', '431 trailer', chunked.length + 3 + 4097],
    ['a trailer', `${chunked}0\r\nX: `, 'y', '431 trailer', chunked.length + 3 + 4097],
  ]
  for (const [flood, start, more, refusal, most] of cases) {
    it(`${flood} without end is refused as soon as the limit is exceeded`, () => {
      const dialogue = new Dialogue({ limits })
      const octets = Buffer.from(start + more.repeat(Math.ceil((most + 10) / more.length)))
      const pieces = OCTET_BY_OCTET.cut(octets)
      const taken = pieces.findIndex((piece) => {
        dialogue.receive(piece)
        return dialogue.refusal !== null
      })
      assert.notEqual(taken, -1, 'wanted a refusal')
      assert.equal(`${dialogue.refusal!.status} ${dialogue.refusal!.rule}`, refusal)
      assert.isBelow(taken, most)
      assert.isFalse(dialogue.connection.hasUnread)
    })
  }

  it('the copy of an incomplete head never exceeds its limit', () => {
    const property = fc.property(anything, (octets) => {
      const dialogue = new Dialogue({ limits: { ...LIMITS, headOctets: 100 } })
      for (const piece of OCTET_BY_OCTET.cut(octets)) {
        dialogue.receive(piece)
        assert.isAtMost(heldBy(dialogue.connection), dialogue.connection.awaitsContent ? 4096 : 100)
      }
    })
    fc.assert(property, { numRuns: 100 })
  })
})

interface Exchange {
  readonly method: string
  readonly version: string
  readonly keeps: boolean
  readonly status: number
  readonly pieces: Uint8Array[]
  readonly known: boolean
  readonly mayPersist: boolean
}

/** The number of octets that a connection holds a copy of: a private detail, but it must be limited. */
function heldBy(connection: Connection): number {
  return (connection as unknown as { inbox: { length: number } }).inbox.length
}

describe('The output of a Connection', () => {
  const statuses = fc.constantFrom(200, 201, 204, 206, 299, 304, 404, 500)
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 })
  const exchange: fc.Arbitrary<Exchange> = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST'),
    version: fc.constantFrom('1.1', '1.1', '1.0'),
    keeps: fc.boolean(),
    status: statuses,
    pieces,
    known: fc.boolean(),
    mayPersist: fc.boolean(),
  })

  it('is read as it was meant by an independent parser', () => {
    const property = fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
      const connection = new Connection(RULES)
      const written: Uint8Array[] = []
      const answered: Exchange[] = []
      for (const each of exchanges) {
        if (connection.isClosed) break
        written.push(...write(connection, each))
        answered.push(each)
      }
      const parsed = parseResponses(
        Buffer.concat(written),
        answered.map(({ method }) => method),
      )
      assert.equal(parsed.length, answered.length)
      answered.forEach(({ method, status, pieces: sent }, at) => {
        const response = parsed[at]!
        const none = method === 'HEAD' || forbidsContent(status)
        assert.equal(response.status, status)
        assert.deepEqual(valuesOf(response, 'x-test'), ['1'])
        assert.equal(response.content, none ? '' : Buffer.concat(sent).toString('latin1'))
        const last = at === answered.length - 1
        assert.deepEqual(valuesOf(response, 'connection'), [last && connection.isClosed ? 'close' : 'keep-alive'])
      })
    })
    fc.assert(property, { numRuns: 300 })
  })

  function write(connection: Connection, each: Exchange): Uint8Array[] {
    const { method, version, keeps, status, pieces: sent, known, mayPersist } = each
    const persistence = keeps ? 'Connection: keep-alive\r\n' : ''
    connection.receive(Buffer.from(`${method} / HTTP/${version}\r\nHost: a\r\n${persistence}\r\n`))
    connection.next()
    const length = sent.reduce((sum, piece) => sum + piece.length, 0)
    const head = connection.respond(
      { status, fields: { wire: 'X-Test: 1\r\n' } },
      known ? length : null,
      '',
      mayPersist,
    )
    const written: Uint8Array[] = [Buffer.from(head)]
    for (const piece of connection.framing === 'none' ? [] : sent) {
      const end = connection.framing === 'chunked' ? CHUNK_END : ''
      written.push(Buffer.from(connection.piece(piece.length)), piece, Buffer.from(end))
    }
    written.push(Buffer.from(connection.finish()))
    return written
  }
})
