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
    /** The turn of the event loop ends: as many have asked to be told. */
    const endTurn = (): number => {
      const asked = ends.splice(0)
      for (const flush of asked) flush()
      return asked.length
    }
    return { batch, posted, endTurn }
  }

  it('hands over what was sent in a turn at its end, in order', () => {
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

  it('hands over at once when it is told to, and the rest at the end of the same turn', () => {
    const { batch, posted, endTurn } = setUp()
    batch.send('a')
    batch.flush()
    batch.send('b')
    assert.deepEqual(posted, [[['a'], 0]])
    assert.equal(endTurn(), 1)
    assert.deepEqual(posted.at(-1), [['b'], 0])
  })

  it('hands over nothing when there is nothing', () => {
    const { batch, posted, endTurn } = setUp()
    batch.flush()
    batch.send('a')
    batch.flush()
    endTurn()
    assert.lengthOf(posted, 1)
  })
})
