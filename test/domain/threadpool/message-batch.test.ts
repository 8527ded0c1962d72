import { assert } from 'chai'
import { describe, it } from 'mocha'
import { MessageBatch } from '../../../src/domain/threadpool/message-batch.js'

describe('MessageBatch', () => {
  const setUp = () => {
    const posted: [readonly string[], number][] = []
    const ends: (() => void)[] = []
    const batch = new MessageBatch<string>(
      (messages, transfer) => posted.push([messages, transfer.length]),
      (flush) => ends.push(flush),
    )
    /** Ends the turn of the event loop; returns how many callbacks were scheduled for it. */
    const endTurn = (): number => {
      const asked = ends.splice(0)
      for (const flush of asked) flush()
      return asked.length
    }
    return { batch, posted, endTurn }
  }

  it('posts the messages of a turn at its end, in order', () => {
    const { batch, posted, endTurn } = setUp()
    batch.send('a')
    batch.send('b', new ArrayBuffer(1))
    assert.isEmpty(posted)
    assert.equal(endTurn(), 1)
    batch.send('c')
    endTurn()
    assert.deepEqual(posted, [
      [['a', 'b'], 1],
      [['c'], 0],
    ])
  })

  it('posts at once when flushed, and later messages at the end of the same turn', () => {
    const { batch, posted, endTurn } = setUp()
    batch.send('a')
    batch.flush()
    batch.send('b')
    assert.deepEqual(posted, [[['a'], 0]])
    assert.equal(endTurn(), 1)
    assert.deepEqual(posted.at(-1), [['b'], 0])
  })

  it('posts nothing when there are no messages', () => {
    const { batch, posted, endTurn } = setUp()
    batch.flush()
    batch.send('a')
    batch.flush()
    endTurn()
    assert.lengthOf(posted, 1)
  })
})
