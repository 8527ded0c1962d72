import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { ReceiveWindow, SendWindow, WINDOW } from '../../../src/domain/threadpool/credit-window.js'

const PORTION = WINDOW / 4

function windowWith(outstanding: number): SendWindow {
  const window = new SendWindow()
  window.sent(outstanding)
  return window
}

describe('SendWindow', () => {
  const cases: [outstanding: number, octets: number, admits: boolean, rule: string][] = [
    [0, 1, true, 'an empty window admits a small piece'],
    [0, WINDOW, true, 'and one as large as itself'],
    [0, 10 * WINDOW, true, 'and a larger one, alone'],
    [WINDOW - 1, 1, true, 'the window may be filled'],
    [WINDOW, 1, false, 'a full one admits nothing'],
    [WINDOW / 2, WINDOW, false, 'a piece that does not fit waits'],
    [PORTION, WINDOW, false, 'until less than a portion is outstanding'],
    [PORTION - 1, WINDOW, true, 'which may be consumed already and not given back'],
  ]
  for (const [outstanding, octets, admits, rule] of cases)
    it(rule, () => assert.equal(windowWith(outstanding).admits(octets), admits))

  it('admits again what is given back', () => {
    const window = windowWith(WINDOW)
    window.returned(PORTION)
    assert.isTrue(window.admits(PORTION))
    assert.isFalse(window.admits(PORTION + 1))
  })
})

describe('ReceiveWindow', () => {
  it('gives back in portions, and nothing is lost', () => {
    const window = new ReceiveWindow()
    assert.equal(window.consumed(PORTION - 1), 0)
    assert.equal(window.consumed(10), PORTION + 9)
    assert.equal(window.consumed(0), 0)
    assert.equal(window.consumed(3 * PORTION), 3 * PORTION)
  })

  it('never leaves the sender waiting for good, and never holds more than a window and a portion of small pieces', () => {
    const piece = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 3 * WINDOW }))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const sender = new SendWindow()
        const receiver = new ReceiveWindow()
        const under: number[] = []
        for (const octets of pieces) {
          while (!sender.admits(octets)) {
            assert.isNotEmpty(under, 'all is consumed and nothing may be sent')
            sender.returned(receiver.consumed(under.shift()!))
          }
          const before = under.reduce((sum, each) => sum + each, 0)
          assert.isTrue(before + octets <= WINDOW || before < PORTION)
          sender.sent(octets)
          under.push(octets)
        }
      }),
    )
  })
})
