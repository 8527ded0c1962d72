import { assert } from 'chai'
import { describe, it } from 'mocha'
import { LengthDecoder } from '../../../src/domain/framing/body-decoder.js'

describe('LengthDecoder', () => {
  it('reads as many octets as the length says, and leaves the rest', () => {
    const decoder = new LengthDecoder(5)
    const octets = Buffer.from('..hello..')
    assert.equal(decoder.read(octets, 2, 9), 7)
    assert.equal(String(decoder.piece), 'hello')
    assert.isTrue(decoder.done)
    assert.equal(decoder.trailers.size, 0)
  })

  it('reads the available octets, and knows how many remain', () => {
    const decoder = new LengthDecoder(5)
    assert.equal(decoder.read(Buffer.from('he'), 0, 2), 2)
    assert.equal(String(decoder.piece), 'he')
    assert.isFalse(decoder.done)
    assert.equal(decoder.remaining, 3)
  })

  it('finds no piece in no octets', () => {
    const decoder = new LengthDecoder(5)
    decoder.read(Buffer.from('he'), 0, 2)
    assert.equal(decoder.read(Buffer.alloc(0), 0, 0), 0)
    assert.isNull(decoder.piece)
  })

  it('gives a view, not a copy', () => {
    const octets = Buffer.from('hello')
    const decoder = new LengthDecoder(5)
    decoder.read(octets, 0, 5)
    assert.strictEqual(decoder.piece!.buffer, octets.buffer)
  })
})
