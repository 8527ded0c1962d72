import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ResponseSender } from '../../../src/app/serving/response-sender.js'
import { Connection } from '../../../src/domain/connection/connection.js'
import { bytes, file, stream, text } from '../../../src/domain/message/response-makers.js'
import { NO_RESPONSE_FIELDS } from '../../../src/domain/message/response-fields.js'
import type { FileContent, SendableResponse } from '../../../src/app/serving/sendable-response.js'
import { Response } from '../../../src/domain/message/response.js'
import type { FilePart } from '../../../src/ports/serving/file-part.js'
import { FakeTransport, turn, type FarEnd } from '../../fakes/fake-transport.js'
import { RecordingMetrics } from '../../fakes/metrics.js'
import { get } from '../../wire/requests.js'
import { settled } from './served.js'

const RULES = {
  limits: { headOctets: 16_384, fields: 100, targetLength: 8192, contentOctets: 1_000_000, requestOctets: 2_000_000 },
  methods: new Set(['GET', 'HEAD']),
  secure: false,
  expectContinue: true,
  maxRequests: 0,
  keepAliveSeconds: 75,
}

interface Sending {
  readonly sender: ResponseSender
  readonly far: FarEnd
  readonly metrics: RecordingMetrics
  /** The calls that the owner received. */
  readonly told: string[]
}

/** A sender whose connection owes the response to a request. */
function owing(request = get('/'), highWaterMark = 65_536): Sending {
  const connection = new Connection(RULES)
  connection.receive(Buffer.from(request, 'latin1'))
  connection.next()
  const transport = new FakeTransport({ highWaterMark, readFile: (_, from, length) => Buffer.alloc(length, `${from}`) })
  const metrics = new RecordingMetrics()
  const told: string[] = []
  const sender = new ResponseSender(connection, transport, metrics, {
    responded: () => void told.push('responded'),
    contentFailed: (error) => void told.push((error as Error).message),
  })
  transport.start({ octets: () => {}, ended: () => {}, closed: () => {}, drained: () => sender.drained() })
  return { sender, far: transport.far, metrics, told }
}

const head = get('/').replace('GET', 'HEAD')
const contentOf = ({ received }: FarEnd): string => received.slice(received.indexOf('\r\n\r\n') + 4)

/** Parts of a file, and the errors with which they were released (`null` for none). */
class Parts {
  readonly released: (string | null)[] = []
  discarded = 0

  content(...lengths: number[]): FileContent {
    const part = (length: number, offset: number): FilePart => ({
      descriptor: 0,
      offset,
      length,
      released: (error) => void this.released.push(error?.message ?? null),
    })
    const length = lengths.reduce((sum, each) => sum + each, 0)
    return { kind: 'parts', length, parts: lengths.map(part), discard: () => this.discarded++ }
  }

  response(...lengths: number[]): SendableResponse {
    return new Response(200, NO_RESPONSE_FIELDS, this.content(...lengths))
  }
}

describe('ResponseSender', () => {
  const whole: [rule: string, response: SendableResponse, content: string][] = [
    ['text', text('plain'), 'plain'],
    ['text that is not ASCII', text('ü'), 'Ã¼'],
    ['a few octets', bytes(Uint8Array.of(0xff, 0)), 'ÿ\0'],
    ['many octets', bytes(Buffer.alloc(10_000, 'x')), 'x'.repeat(10_000)],
    ['nothing', new Response(204, NO_RESPONSE_FIELDS, null), ''],
  ]
  for (const [rule, response, content] of whole) {
    it(`sends ${rule} before send() returns, and counts the octets`, async () => {
      const { sender, far, metrics, told } = owing()
      sender.send(response, 'X: y\r\n', true)
      assert.deepEqual(told, ['responded'])
      await turn()
      assert.include(far.received, '\r\nX: y\r\n')
      assert.equal(contentOf(far), content)
      assert.deepEqual([sender.bytesOut, metrics.bytesOut], [far.received.length, far.received.length])
    })
  }

  const described: [rule: string, response: SendableResponse][] = [
    ['text', text('plain')],
    ['octets', bytes(Buffer.alloc(10_000))],
    ['a stream', stream(['piece'])],
    ['parts', new Parts().response(3)],
  ]
  for (const [rule, response] of described) {
    it(`answers HEAD at once, without an octet of ${rule}`, async () => {
      const { sender, far, told } = owing(head)
      sender.send(response, '', true)
      assert.deepEqual(told, ['responded'])
      await turn()
      assert.isTrue(far.received.endsWith('\r\n\r\n'))
    })
  }

  it('makes a bounded number of tiny pieces per turn, so that other work gets a turn', async () => {
    const { sender } = owing()
    let made = 0
    const tiny = function* (): Generator<string> {
      for (; made < 1_000_000; made++) yield 'x'
    }
    sender.send(stream(tiny()), '', true)
    await turn()
    assert.isAbove(made, 0)
    assert.isBelow(made, 1000)
    sender.stop()
  })

  it('discards the parts that a response to HEAD does not send', () => {
    const parts = new Parts()
    owing(head).sender.send(parts.response(3, 3), '', true)
    assert.equal(parts.discarded, 1)
  })

  it('sends parts in order, and reports the response when the transport has the last one', async () => {
    const { sender, far, told, metrics } = owing()
    const parts = new Parts()
    sender.send(parts.response(3, 2, 1), '', true)
    await settled()
    assert.equal(contentOf(far), '000112')
    assert.deepEqual(parts.released, [null, null, null])
    assert.deepEqual(told, ['responded'])
    assert.equal(metrics.bytesOut, far.received.length)
  })

  it('sends a few small parts before send() returns', () => {
    const { sender, told } = owing()
    sender.send(new Parts().response(3, 2, 1), '', true)
    assert.deepEqual(told, ['responded'])
  })

  it('gives a full transport no further part before it has drained', async () => {
    const { sender, far, told } = owing(get('/'), 1000)
    const parts = new Parts()
    far.stall()
    sender.send(parts.response(900, 800, 700, 600), '', true)
    await settled()
    assert.deepEqual([told, parts.released], [[], []])
    far.read()
    await settled()
    assert.deepEqual([told, parts.released], [['responded'], [null, null, null, null]])
    assert.lengthOf(contentOf(far), 3000)
  })

  it('releases the parts that the transport did not get when it is stopped', async () => {
    const { sender, far, told } = owing(get('/'), 2)
    const parts = new Parts()
    far.stall()
    sender.send(parts.response(3, 2, 1), '', true)
    await settled()
    sender.stop()
    await settled()
    assert.lengthOf(parts.released, 2, 'the transport still has the first')
    assert.notInclude(parts.released, null)
    assert.deepEqual(told, [])
  })

  it('makes no piece while the transport is full', async () => {
    let made = 0
    const pieces = function* (): Generator<string> {
      for (; made < 100; made++) yield 'x'.repeat(1000)
    }
    const { sender, far, told } = owing(get('/'), 5000)
    far.stall()
    sender.send(stream(pieces()), '', true)
    await settled()
    assert.isAtMost(made, 6)
    far.read()
    for (let round = 0; round < 20; round++) await settled()
    assert.equal(made, 100)
    assert.deepEqual(told, ['responded'])
  })

  for (const [rule, isFull] of [
    ['the next piece', false],
    ['the transport to drain', true],
  ] as const) {
    it(`ends a stream and reports nothing when it is stopped while it waits for ${rule}`, async () => {
      let ended = false
      let wake = (): void => {}
      const pieces = async function* (): AsyncGenerator<string> {
        try {
          yield 'x'.repeat(1000)
          await new Promise<void>((resolve) => (wake = resolve))
          yield 'more'
        } finally {
          ended = true
        }
      }
      const { sender, far, told } = owing(get('/'), isFull ? 10 : 10_000)
      if (isFull) far.stall()
      sender.send(stream(pieces()), '', true)
      await settled()
      sender.stop()
      wake()
      await settled()
      assert.isTrue(ended)
      assert.deepEqual(told, [])
      assert.notInclude(far.received, 'more')
    })
  }

  const broken: [rule: string, pieces: unknown, length: number | null, told: string][] = [
    ['a number', [5], null, 'A stream yielded a piece of type number. Yield strings or Uint8Arrays'],
    ['an object, with a length', ['a', {}], 4, 'A stream yielded a piece of type object. Yield strings or Uint8Arrays'],
    ['too few octets', ['a'], 4, 'Cannot end content 3 octets before its declared length'],
    ['too many octets', ['abc', 'de'], 4, 'Cannot send content that runs over its declared length'],
  ]
  for (const [rule, pieces, length, message] of broken) {
    it(`reports a stream that yields ${rule} as failed, and has counted exactly the octets that were sent`, async () => {
      const { sender, far, metrics, told } = owing()
      sender.send(stream(pieces as string[], length === null ? {} : { length }), '', true)
      await settled()
      assert.deepEqual(told, [message])
      assert.deepEqual([sender.bytesOut, metrics.bytesOut], [far.received.length, far.received.length])
    })
  }

  it('accepts no file that is not open: that does not compile', () => {
    const { sender } = owing()
    // @ts-expect-error -- a reference to a file is content that a handler may return, not content that can be sent
    const send = (): void => sender.send(file('a'), '', true)
    assert.isFunction(send)
  })
})
