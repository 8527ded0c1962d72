import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ContentReader, noContent } from '../../../src/app/serving/content-reader.js'
import { settled } from './served.js'

const piece = (text: string): Buffer => Buffer.from(text)

/** A reader, and how often it asked for content. */
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
  it('asks for nothing before somebody reads', async () => {
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
    assert.isFalse(reader.wants, 'not until that piece was taken')
    await settled()
    assert.equal(asked.times, 2)
    reader.end()
    assert.deepEqual(await collected, ['one'])
  })

  it('is awaited by whoever reads it', async () => {
    const { reader } = setUp()
    void collect(reader)
    assert.isTrue(reader.isAwaited)
    reader.push(piece('one'))
    assert.isFalse(reader.isAwaited)
  })

  it('fetched ahead, is awaited when that is told, up to the next piece', async () => {
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
    assert.isFalse(reader.isAwaited, 'a piece is on its way')
    await settled()
    assert.deepEqual([reader.wants, reader.isAwaited], [true, false])
  })

  it('takes a piece that comes during the call that asks for it', async () => {
    const reader: ContentReader = new ContentReader(() => {
      reader.push(piece('at once'))
      reader.end()
    })
    assert.deepEqual(await collect(reader), ['at once'])
  })

  it('gives pieces in order, those that came before the reading too', async () => {
    const { reader } = setUp()
    reader.push(piece('a'))
    reader.push(piece('b'))
    reader.end()
    assert.deepEqual(await collect(reader), ['a', 'b'])
  })

  it('gathers all pieces as bytes()', async () => {
    const { reader } = setUp()
    const bytes = reader.bytes()
    for (const text of ['a', 'b', 'c']) {
      await settled()
      reader.push(piece(text))
    }
    reader.end()
    assert.equal((await bytes).toString(), 'abc')
  })

  it('gives what came before a failure, then the failure', async () => {
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

  it('can be read once', async () => {
    const { reader } = setUp()
    reader.end()
    await collect(reader)
    const again = await collect(reader).catch((error: unknown) => error)
    assert.instanceOf(again, TypeError)
  })

  it('a request without content has an empty one', async () => {
    assert.equal((await noContent().bytes()).length, 0)
  })
})
