import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { HandshakeAdmission } from '../../../src/domain/tls/handshake-admission.js'

const RULES = { most: 2, graceMs: 100, timeoutMs: 1000 }
const IN = { admitted: true, evicted: null }

describe('HandshakeLine', () => {
  it('admits handshakes up to the limit', () => {
    const line = new HandshakeAdmission<string>(RULES)
    assert.deepEqual([line.join('a', 0), line.join('b', 0)], [IN, IN])
    assert.deepEqual(line.join('c', 99), { admitted: false, evicted: null })
    assert.equal(line.size, 2)
  })

  it('evicts the oldest when its grace period is over', () => {
    const line = new HandshakeAdmission<string>(RULES)
    line.join('a', 0)
    line.join('b', 50)
    assert.deepEqual(line.join('c', 100), { admitted: true, evicted: 'a' })
    assert.deepEqual(line.join('d', 149), { admitted: false, evicted: null })
    assert.deepEqual(line.join('d', 150), { admitted: true, evicted: 'b' })
  })

  it('evicts none while there is room', () => {
    const line = new HandshakeAdmission<string>(RULES)
    line.join('a', 0)
    assert.deepEqual(line.join('b', 999), IN)
  })

  it('has room again when one leaves', () => {
    const line = new HandshakeAdmission<string>(RULES)
    line.join('a', 0)
    line.join('b', 0)
    line.remove('a')
    line.remove('stranger')
    assert.deepEqual(line.join('c', 1), IN)
  })

  it('returns overdue handshakes, the oldest first and each once', () => {
    const line = new HandshakeAdmission<string>({ ...RULES, most: 9 })
    for (const [item, nowMs] of [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ] as const)
      line.join(item, nowMs)
    line.remove('b')
    assert.deepEqual(line.takeOverdue(999, false), [])
    assert.deepEqual(line.takeOverdue(1001, false), ['a'])
    assert.deepEqual(line.takeOverdue(5000, false), ['c'])
    assert.deepEqual(line.takeOverdue(5000, false), [])
    assert.equal(line.size, 0)
  })

  it('returns handshakes whose grace period is over when the listener is closing', () => {
    const line = new HandshakeAdmission<string>(RULES)
    line.join('a', 0)
    line.join('b', 1)
    assert.deepEqual(line.takeOverdue(99, true), [])
    assert.deepEqual(line.takeOverdue(100, true), ['a'])
  })

  it('closing never extends the time limit', () => {
    const line = new HandshakeAdmission<string>({ ...RULES, timeoutMs: 50 })
    line.join('a', 0)
    assert.deepEqual(line.takeOverdue(50, true), ['a'])
  })

  it('admits none with a limit of 0', () => {
    const line = new HandshakeAdmission<string>({ ...RULES, most: 0 })
    assert.deepEqual(line.join('a', 0), { admitted: false, evicted: null })
  })

  it('never exceeds the limit, and evicts none before its grace period is over', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('join' as const), afterMs: fc.nat(60) }),
      fc.record({ kind: fc.constant('leave' as const), item: fc.nat(40) }),
      fc.record({ kind: fc.constant('look' as const), afterMs: fc.nat(600) }),
    )
    const property = fc.property(fc.array(event, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (events, most) => {
      const line = new HandshakeAdmission<number>({ ...RULES, most })
      const inside = new Map<number, number>()
      let nowMs = 0
      let count = 0
      for (const each of events) {
        if (each.kind === 'leave') {
          line.remove(each.item)
          inside.delete(each.item)
          continue
        }
        nowMs += each.afterMs
        if (each.kind === 'look') {
          const overdue = [...inside].filter(([, sinceMs]) => nowMs - sinceMs >= RULES.timeoutMs).map(([item]) => item)
          assert.deepEqual(line.takeOverdue(nowMs, false), overdue)
          for (const item of overdue) inside.delete(item)
        } else {
          const [oldest] = inside
          const isFull = inside.size === most
          const evicted = isFull && nowMs - oldest![1] >= RULES.graceMs ? oldest![0] : null
          if (evicted !== null) inside.delete(evicted)
          const admitted = inside.size < most
          assert.deepEqual(line.join(count, nowMs), { admitted, evicted })
          if (admitted) inside.set(count, nowMs)
          count++
        }
        assert.equal(line.size, inside.size)
        assert.isAtMost(line.size, most)
      }
    })
    fc.assert(property)
  })
})
