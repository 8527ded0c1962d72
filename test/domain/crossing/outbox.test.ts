import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Outbox } from '../../../src/domain/crossing/outbox.js'

describe('Outbox', () => {
  const setUp = () => {
    const posted: [readonly string[], number][] = []
    let scheduled = 0
    const outbox = new Outbox<string>(
      (batch, transfer) => posted.push([batch, transfer.length]),
      () => scheduled++,
    )
    return { outbox, posted, scheduled: () => scheduled }
  }

  it('hands over what was sent since the last time, in order, and asks for that once', () => {
    const { outbox, posted, scheduled } = setUp()
    outbox.send('a')
    outbox.send('b', new ArrayBuffer(1))
    assert.equal(scheduled(), 1)
    assert.isEmpty(posted)
    outbox.flush()
    outbox.send('c')
    assert.equal(scheduled(), 2)
    outbox.flush()
    assert.deepEqual(posted, [
      [['a', 'b'], 1],
      [['c'], 0],
    ])
  })

  it('hands over nothing when there is nothing', () => {
    const { outbox, posted } = setUp()
    outbox.schedule()
    outbox.flush()
    assert.isEmpty(posted)
  })
})
