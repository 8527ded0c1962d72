import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Inbox } from '../../../src/domain/connection/inbox.js'

const unread = (inbox: Inbox): string => inbox.octets.toString('latin1', inbox.from, inbox.to)

describe('Inbox', () => {
  it('reads lent octets in place', () => {
    const lent = Buffer.from('abc')
    const inbox = new Inbox()
    inbox.receive(lent)
    assert.strictEqual(inbox.octets, lent)
    assert.equal(inbox.length, 3)
  })

  it('does not keep a lent buffer that was read completely', () => {
    const lent = Buffer.from('abc')
    const inbox = new Inbox()
    inbox.receive(lent)
    inbox.from = 3
    inbox.hold()
    assert.notStrictEqual(inbox.octets, lent)
    assert.equal(inbox.octets.length, 0)
  })

  it('holds unread octets, even when the lent buffer changes', () => {
    const lent = Buffer.from('abc')
    const inbox = new Inbox()
    inbox.receive(lent)
    inbox.from = 1
    inbox.hold()
    lent.fill('!')
    assert.equal(unread(inbox), 'bc')
  })

  it('appends to lent octets without writing into the lent buffer', () => {
    const lent = Buffer.from('abc!!!').subarray(0, 3)
    const inbox = new Inbox()
    inbox.receive(lent)
    inbox.receive(Buffer.from('def'))
    assert.equal(unread(inbox), 'abcdef')
    assert.equal(String(Buffer.from(lent.buffer, lent.byteOffset, 6)), 'abc!!!')
  })

  it('copies each octet a bounded number of times when they arrive one by one', () => {
    const inbox = new Inbox()
    const rooms = new Set<Buffer>()
    for (let i = 0; i < 65_536; i++) {
      inbox.receive(Buffer.from('x'))
      inbox.hold()
      rooms.add(inbox.octets)
    }
    const copied = [...rooms].reduce((sum, room) => sum + room.length, 0)
    assert.isAtMost(copied, 4 * 65_536)
  })

  it('returns octets in order, and allocates at most twice their number', () => {
    const step = fc.record({ octets: fc.string({ maxLength: 600 }), read: fc.nat(700), hold: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const inbox = new Inbox()
        let expected = ''
        let most = 0
        for (const { octets, read, hold } of steps) {
          const lent = Buffer.from(octets, 'latin1')
          inbox.receive(lent)
          expected += octets.replace(/[^\0-\xff]/g, '?')
          most = Math.max(most, inbox.length)
          assert.equal(inbox.length, expected.length)
          const taken = Math.min(read, inbox.length)
          inbox.from += taken
          expected = expected.slice(taken)
          if (hold || taken < read) {
            inbox.hold()
            lent.fill('!')
          } else {
            inbox.hold()
          }
          assert.equal(unread(inbox), expected)
          assert.isAtMost(inbox.octets.length, Math.max(256, 2 * most))
        }
      }),
    )
  })
})
