import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ContentReader, noContent } from '../../../src/app/serving/content-reader.js'
import { settled } from './served.js'

const piece = (text: string): Buffer => Buffer.from(text)

/** A reader, and the number of times that it asked for content. */
function setUp() {
  const asked = { times: 0 }
  return { asked, reader: new ContentReader(() => asked.times++) }
}

async function collect(reader: ContentReader): Promise<string[]> {
  const pieces: string[] = []
  for await (const each of reader) pieces.push(each.toString())
  return pieces
}

describe('ContentReader', () => {
  it('asks for no content before it is read', async () => {
    const { asked, reader } = setUp()
    await settled()
    assert.equal(asked.times, 0)
    assert.isFalse(reader.wants)
  })

  it('asks once for each piece that it waits for', async () => {
    const { asked, reader } = setUp()
    const collected = collect(reader)
    await settled()
    assert.equal(asked.times, 1)
    assert.isTrue(reader.wants)
    reader.push(piece('one'))
    assert.isFalse(reader.wants, 'not before that piece is taken')
    await settled()
    assert.equal(asked.times, 2)
    reader.end()
    assert.deepEqual(await collected, ['one'])
  })

  it('is awaited while its reader waits for a piece', async () => {
    const { reader } = setUp()
    void collect(reader)
    assert.isTrue(reader.isAwaited)
    reader.push(piece('one'))
    assert.isFalse(reader.isAwaited)
  })

  it('after fetchAhead(), is awaited only from awaited() up to the next piece', async () => {
    const { asked, reader } = setUp()
    reader.fetchAhead()
    reader.awaited()
    assert.isFalse(reader.isAwaited, 'not before it is asked for')
    void collect(reader)
    assert.deepEqual([reader.wants, reader.isAwaited, asked.times], [true, false, 1])
    reader.awaited()
    assert.deepEqual([reader.wants, reader.isAwaited, asked.times], [true, true, 2])
    reader.push(piece('one'))
    reader.awaited()
    assert.isFalse(reader.isAwaited, 'a piece has already arrived')
    await settled()
    assert.deepEqual([reader.wants, reader.isAwaited], [true, false])
  })

  it('accepts a piece during the call that asks for it', async () => {
    const reader: ContentReader = new ContentReader(() => {
      reader.push(piece('at once'))
      reader.end()
    })
    assert.deepEqual(await collect(reader), ['at once'])
  })

  it('yields the pieces in order, including those that arrived before it was read', async () => {
    const { reader } = setUp()
    reader.push(piece('a'))
    reader.push(piece('b'))
    reader.end()
    assert.deepEqual(await collect(reader), ['a', 'b'])
  })

  it('bytes() joins all pieces', async () => {
    const { reader } = setUp()
    const bytes = reader.bytes()
    for (const text of ['a', 'b', 'c']) {
      await settled()
      reader.push(piece(text))
    }
    reader.end()
    assert.equal((await bytes).toString(), 'abc')
  })

  it('yields the pieces that arrived before a failure, then throws the first failure', async () => {
    const { reader } = setUp()
    reader.push(piece('a'))
    reader.fail(new Error('first'))
    reader.fail(new Error('second'))
    const pieces: string[] = []
    let failure: unknown = null
    try {
      for await (const each of reader) pieces.push(each.toString())
    } catch (error) {
      failure = error
    }
    assert.deepEqual(pieces, ['a'])
    assert.equal((failure as Error).message, 'first')
  })

  it('can be read only once', async () => {
    const { reader } = setUp()
    reader.end()
    await collect(reader)
    const again = await collect(reader).catch((error: unknown) => error)
    assert.instanceOf(again, TypeError)
  })

  it('noContent() has no octet', async () => {
    assert.equal((await noContent().bytes()).length, 0)
  })
})
