import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Outbox } from '../../../src/domain/threadpool/outbox.js'

describe('Outbox', () => {
  const setUp = () => {
    const posted: [readonly string[], number][] = []
    const ends: (() => void)[] = []
    const outbox = new Outbox<string>(
      (batch, transfer) => posted.push([batch, transfer.length]),
      (flush) => ends.push(flush),
    )
    /** The turn of the event loop ends: as many have asked to be told. */
    const endTurn = (): number => {
      const asked = ends.splice(0)
      for (const flush of asked) flush()
      return asked.length
    }
    return { outbox, posted, endTurn }
  }

  it('hands over what was sent in a turn at its end, in order', () => {
    const { outbox, posted, endTurn } = setUp()
    outbox.send('a')
    outbox.send('b', new ArrayBuffer(1))
    assert.isEmpty(posted)
    assert.equal(endTurn(), 1)
    outbox.send('c')
    endTurn()
    assert.deepEqual(posted, [
      [['a', 'b'], 1],
      [['c'], 0],
    ])
  })

  it('hands over at once when it is told to, and the rest at the end of the same turn', () => {
    const { outbox, posted, endTurn } = setUp()
    outbox.send('a')
    outbox.flush()
    outbox.send('b')
    assert.deepEqual(posted, [[['a'], 0]])
    assert.equal(endTurn(), 1)
    assert.deepEqual(posted.at(-1), [['b'], 0])
  })

  it('hands over nothing when there is nothing', () => {
    const { outbox, posted, endTurn } = setUp()
    outbox.flush()
    outbox.send('a')
    outbox.flush()
    endTurn()
    assert.lengthOf(posted, 1)
  })
})
