import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { abandon, begin, octetsOf, type Piece } from '../../../src/app/serving/streamed-pieces.js'
import type { StreamedContent } from '../../../src/domain/message/response.js'
import { settled } from './served.js'

const contentOf = (pieces: unknown): StreamedContent =>
  ({ kind: 'stream', pieces, length: null }) as unknown as StreamedContent

/** The pieces of a stream, and the message of its error if it fails. */
async function taken(pieces: AsyncIterable<Piece>): Promise<unknown[]> {
  const all: unknown[] = []
  try {
    for await (const piece of pieces) all.push(piece)
  } catch (error) {
    all.push((error as Error).message)
  }
  return all
}

/** A generator that counts the pieces it has made. */
class Counted {
  made = 0
  ended = false

  async *pieces(): AsyncGenerator<string> {
    try {
      while (this.made < 3) yield `piece ${++this.made}`
    } finally {
      this.ended = true
    }
  }
}

describe('begin()', () => {
  it('makes one piece, and yields it before the others', async () => {
    const counted = new Counted()
    const begun = await begin(counted.pieces())
    assert.equal(counted.made, 1)
    assert.deepEqual(await taken(begun.pieces), ['piece 1', 'piece 2', 'piece 3'])
    assert.isTrue(counted.ended)
  })

  it('accepts a plain iterable, and an empty one', async () => {
    assert.deepEqual(await taken((await begin(['a', 'b'])).pieces), ['a', 'b'])
    assert.deepEqual(await taken((await begin([])).pieces), [])
  })

  const failing: [rule: string, next: () => Promise<IteratorResult<string>>][] = [
    ['at once', () => assert.fail('broken')],
    ['later', () => Promise.reject(new Error('broken'))],
  ]
  for (const [rule, next] of failing) {
    it(`throws the error of a first piece that fails ${rule} when the stream is read`, async () => {
      const begun = await begin({ [Symbol.asyncIterator]: () => ({ next }) })
      await settled()
      assert.deepEqual(await taken(begun.pieces), ['broken'])
    })
  }

  it('ends the stream when it is abandoned, or when reading stops before its end', async () => {
    const [abandoned, left] = [new Counted(), new Counted()]
    const begun = await begin(abandoned.pieces())
    begun.abandon()
    for await (const piece of (await begin(left.pieces())).pieces) {
      assert.equal(piece, 'piece 1')
      break
    }
    await settled()
    assert.deepEqual([abandoned.made, abandoned.ended], [1, true])
    assert.deepEqual([left.made, left.ended], [1, true])
  })

  it('ignores an iterator that has no way to end, and one that fails to end', async () => {
    const next = () => Promise.resolve({ done: false as const, value: 'piece' })
    const ends = [undefined, () => Promise.reject(new Error('cannot end')), () => assert.fail('cannot end')]
    for (const end of ends) {
      const iterator = end === undefined ? { next } : { next, return: end }
      const begun = await begin({ [Symbol.asyncIterator]: () => iterator })
      begun.abandon()
    }
    await settled()
  })
})

describe('abandon()', () => {
  it('destroys a Node stream, whose file would stay open otherwise', async () => {
    const readable = Readable.from(['a'])
    abandon(contentOf(readable))
    await settled()
    assert.isTrue(readable.destroyed)
  })

  it('ignores a value that has no way to end, or is no stream', () => {
    for (const pieces of [['a'], {}, new Set(['a']), 5, null, undefined])
      assert.doesNotThrow(() => abandon(contentOf(pieces)))
  })

  for (const end of ['destroy', 'cancel', 'return']) {
    it(`ignores a ${end}() that throws or rejects`, async () => {
      let calls = 0
      const broken = [
        { [end]: () => (calls++, assert.fail('cannot end')) },
        { [end]: () => (calls++, Promise.reject(new Error('cannot end'))) },
      ]
      for (const pieces of broken) abandon(contentOf(pieces))
      await settled()
      assert.equal(calls, 2)
    })
  }
})

describe('octetsOf()', () => {
  it('encodes text as UTF-8, and returns octets unchanged', () => {
    const octets = Uint8Array.of(0xff, 0)
    assert.deepEqual([...octetsOf('ü')], [0xc3, 0xbc])
    assert.strictEqual(octetsOf(octets), octets)
  })

  for (const piece of [5, NaN, null, undefined, true, {}, { length: 3 }, ['a'], new ArrayBuffer(2)]) {
    it(`refuses ${inspect(piece)}`, () => {
      assert.throws(() => octetsOf(piece), TypeError, 'A stream yielded a piece of type ')
    })
  }
})
