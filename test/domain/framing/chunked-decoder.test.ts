import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ChunkedDecoder } from '../../../src/domain/framing/chunked-decoder.js'
import { DELIVERIES } from '../../wire/deliveries.js'
import { countingOctets, outcomeOf } from './reading.js'

interface Bounds {
  readonly content?: number
  readonly framed?: number
  readonly trailers?: number
}

function decoderWith({ content = 1e6, framed = 2e6, trailers = 100 }: Bounds = {}): ChunkedDecoder {
  return new ChunkedDecoder(content, framed, trailers)
}

/** Passes pieces as a connection does, and passes unused octets again with the next piece. */
function decode(pieces: readonly Buffer[], bounds: Bounds): string {
  const decoder = decoderWith(bounds)
  let content = ''
  let rest = Buffer.alloc(0)
  for (const piece of pieces) {
    rest = Buffer.concat([rest, piece])
    do {
      rest = rest.subarray(decoder.read(rest, 0, rest.length))
      content += decoder.piece?.toString('latin1') ?? ''
    } while (decoder.piece !== null && !decoder.done)
  }
  const trailers = [...decoder.trailers].map(([name, value]) => `${name}=${value}`).join()
  return decoder.done ? `${content}|${trailers}|${rest.toString('latin1')}` : `${content}...`
}

describe('ChunkedDecoder (RFC 9112 §7.1)', () => {
  const cases: [octets: string, expected: string, rule: string, bounds?: Bounds][] = [
    ['0\r\n\r\n', '||', 'nothing but the last chunk'],
    ['5\r\nhello\r\n0\r\n\r\nrest', 'hello||rest', 'octets after the end are not read'],
    ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world||', 'several chunks'],
    ['a;x\r\n0123456789\r\n00;y="z"\r\n\r\n', '0123456789||', 'extensions are ignored'],
    ['0\r\nX: y\r\nCookie: a\r\n\r\n', '|x=y|', 'trailers are read, except those that are not permitted'],
    ['0\r\nContent-Length: 5\r\n\r\n', '||', 'trailers that are all not permitted'],
    ['5\r\nhel', 'hel...', 'incomplete data'],
    ['5\r\nhello', 'hello...', 'a missing line end'],
    ['5', '...', 'an incomplete size'],
    ['5;a', '...', 'an incomplete extension'],
    ['0\r\n\r', '...', 'a missing last octet'],
    ['\r\n', '400 chunk-size', 'no size'],
    ['5\r\r', '400 bare-cr', 'CR without LF'],
    ['5\n', '400 bare-lf', 'LF without CR'],
    ['\n', '400 bare-lf', 'LF in place of a size'],
    ['5\r\nhellox', '400 chunk-end', 'data too long'],
    ['5\r\nhello\rx', '400 chunk-end', 'half a line end'],
    ['g', '400 chunk-size', 'a character that is not a digit'],
    ['0'.repeat(17), '400 chunk-size', 'seventeen digits'],
    ['20000000000000', '400 chunk-size', '2^53'],
    [`5;${'a'.repeat(255)}`, '400 chunk-extension', 'a line over 256 octets'],
    ['6\r\n', '413 content-too-large', 'announced over the limit', { content: 5 }],
    ['5\r\nhello\r\n1\r\n', '413 content-too-large', 'announced over the limit in all', { content: 5 }],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello||', 'announced up to the limit', { content: 5 }],
    ['5\r\nhello\r\n0\r\n\r\n', '413 content-too-large', 'framed over the limit', { framed: 12 }],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello||', 'framed up to the limit', { framed: 13 }],
    ['1;aaaaaaaaaaaa\r\nx\r\n'.repeat(2000), '400 chunk-overhead', 'framing that outweighs data'],
    ['0\r\nX\r\n', '400 trailer', 'a trailer that is not a field line'],
    ['0\r\nX: \x01', '400 trailer', 'a trailer with a control character'],
    ['0\r\nX: y\n', '400 bare-lf', 'LF without CR in a trailer'],
    ['0\r\nX: y\rz', '400 bare-cr', 'CR without LF in a trailer'],
    ['0\r\nA:\r\nB:\r\nC:\r\n\r\n', '431 trailer', 'too many trailers', { trailers: 2 }],
    [`0\r\nA:${'x'.repeat(4090)}\r\n\r\n`, `|a=${'x'.repeat(4090)}|`, 'trailers of 4 KiB'],
    [`0\r\nA:${'x'.repeat(4091)}\r\n\r\n`, '431 trailer', 'trailers that are one octet too long'],
  ]
  for (const [octets, expected, rule, bounds = {}] of cases) {
    it(rule, () => {
      for (const { name, cut } of DELIVERIES) {
        const outcome = outcomeOf(() => decode(cut(Buffer.from(octets, 'latin1')), bounds))
        assert.equal(outcome, expected, name)
      }
    })
  }

  it('does not know what remains', () => assert.isNull(decoderWith().remaining))

  it('reads nothing more when it is done', () => {
    const decoder = decoderWith()
    const octets = Buffer.from('0\r\n\r\nGET')
    assert.equal(decoder.read(octets, 0, octets.length), 5)
    assert.equal(decoder.read(octets, 5, octets.length), 5)
    assert.isNull(decoder.piece)
  })

  it('returns views, not copies', () => {
    const octets = Buffer.from('5\r\nhello\r\n')
    const decoder = decoderWith()
    decoder.read(octets, 0, octets.length)
    assert.strictEqual(decoder.piece!.buffer, octets.buffer)
  })

  it('reads each octet of framing a bounded number of times, and no octet of the data', () => {
    const { octets, looks } = countingOctets(`5;a="b c"\r\nhello\r\n0\r\n${'X:  y  \r\n'.repeat(50)}\r\n`)
    const decoder = decoderWith()
    let from = 0
    for (let to = 1; to <= octets.length; to++) {
      for (let end = decoder.read(octets, from, to); end > from; end = decoder.read(octets, from, to)) from = end
    }
    assert.isTrue(decoder.done)
    assert.isAtMost(Math.max(...looks), 5)
    assert.deepEqual(looks.slice(11, 16), [0, 0, 0, 0, 0])
  })
})
