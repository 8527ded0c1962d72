import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { multipartByteranges } from '../../../src/domain/representation/multipart-byteranges.js'
import type { ByteRange } from '../../../src/domain/representation/range.js'

/** The content as the peer receives it: heads and ranges alternate, then the end. */
const contentOf = (octets: Buffer, ranges: readonly ByteRange[], type: string): [content: Buffer, promised: number] => {
  const { heads, end, length } = multipartByteranges(ranges, octets.length, type, 'BOUNDARY')
  const parts = ranges.flatMap(({ first, last }, at) => [
    Buffer.from(heads[at]!, 'latin1'),
    octets.subarray(first, last + 1),
  ])
  return [Buffer.concat([...parts, Buffer.from(end, 'latin1')]), length]
}

describe('multipart/byteranges', () => {
  it('multipartByteranges(): arranges parts as §15.3.7.2 shows', () => {
    const ranges = [
      { first: 0, last: 1 },
      { first: 4, last: 6 },
    ]
    const [content] = contentOf(Buffer.from('0123456789'), ranges, 'text/plain')
    assert.equal(
      content.toString(),
      '--BOUNDARY\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n' +
        '--BOUNDARY\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-6/10\r\n\r\n456\r\n' +
        '--BOUNDARY--\r\n',
    )
  })

  it('multipartByteranges(): names the boundary in the content type', () => {
    const { contentType } = multipartByteranges([], 10, 'text/plain', 'BOUNDARY')
    assert.equal(contentType, 'multipart/byteranges; boundary=BOUNDARY')
  })

  it('multipartByteranges(): states the number of octets in its parts', () => {
    const octets = Buffer.alloc(300)
    const position = fc.nat(299)
    const range = fc.tuple(position, position).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))
    fc.assert(
      fc.property(fc.array(range, { maxLength: 4 }), fc.constantFrom('text/plain', 'text/pläin'), (ranges, type) => {
        const [content, promised] = contentOf(octets, ranges, type)
        assert.equal(content.length, promised)
      }),
    )
  })
})
