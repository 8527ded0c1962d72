import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { ReceiveWindow, SendWindow, WINDOW } from '../../../src/domain/threadpool/credit-window.js'

/** The receiver returns credit from here on. */
const THRESHOLD = WINDOW / 4

function windowWith(outstanding: number): SendWindow {
  const window = new SendWindow()
  window.sent(outstanding)
  return window
}

describe('SendWindow', () => {
  const cases: [outstanding: number, octets: number, admits: boolean, rule: string][] = [
    [0, 1, true, 'an empty window admits a small piece'],
    [0, WINDOW, true, 'an empty window admits a piece of its own size'],
    [0, 10 * WINDOW, true, 'an empty window admits a larger piece'],
    [WINDOW - 1, 1, true, 'the window may be filled completely'],
    [WINDOW, 1, false, 'a full window admits nothing'],
    [WINDOW / 2, WINDOW, false, 'a piece that does not fit has to wait'],
    [THRESHOLD, WINDOW, false, 'it waits while the threshold or more is outstanding'],
    [
      THRESHOLD - 1,
      WINDOW,
      true,
      'it is admitted below the threshold, which the receiver may have consumed without returning it',
    ],
  ]
  for (const [outstanding, octets, admits, rule] of cases)
    it(rule, () => assert.equal(windowWith(outstanding).admits(octets), admits))

  it('admits as much as was returned', () => {
    const window = windowWith(WINDOW)
    window.returned(THRESHOLD)
    assert.isTrue(window.admits(THRESHOLD))
    assert.isFalse(window.admits(THRESHOLD + 1))
  })
})

describe('ReceiveWindow', () => {
  it('returns credit once the threshold is reached, and loses none', () => {
    const window = new ReceiveWindow()
    assert.equal(window.consumed(THRESHOLD - 1), 0)
    assert.equal(window.consumed(10), THRESHOLD + 9)
    assert.equal(window.consumed(0), 0)
    assert.equal(window.consumed(3 * THRESHOLD), 3 * THRESHOLD)
  })

  it('never blocks the sender permanently, and keeps the outstanding credit within the window', () => {
    const piece = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 3 * WINDOW }))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const sender = new SendWindow()
        const receiver = new ReceiveWindow()
        const sent: number[] = []
        for (const octets of pieces) {
          while (!sender.admits(octets)) {
            assert.isNotEmpty(sent, 'all content is consumed, but nothing may be sent')
            sender.returned(receiver.consumed(sent.shift()!))
          }
          const before = sent.reduce((sum, each) => sum + each, 0)
          assert.isTrue(before + octets <= WINDOW || before < THRESHOLD)
          sender.sent(octets)
          sent.push(octets)
        }
      }),
    )
  })
})
