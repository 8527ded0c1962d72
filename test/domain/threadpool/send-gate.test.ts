import { assert } from 'chai'
import { describe, it } from 'mocha'
import { SendGate } from '../../../src/domain/threadpool/send-gate.js'
import { creditFor, WINDOW } from '../../../src/domain/threadpool/credit-window.js'

describe('SendGate', () => {
  it('admits a window at once, and more after credit was returned', async () => {
    const gate = new SendGate()
    assert.isTrue(await gate.admits(WINDOW))
    let admitted: boolean | null = null
    const waiting = gate.admits(1000).then((answer) => (admitted = answer))
    await Promise.resolve()
    assert.isNull(admitted)
    gate.returned(WINDOW / 2)
    await waiting
    assert.isTrue(admitted)
  })

  it('admits fewer small pieces than would fill the window, because each also costs memory besides its octets', async () => {
    const gate = new SendGate()
    let admitted = 0
    for (let piece = 0; piece < 100; piece++) void gate.admits(1).then(() => admitted++)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    assert.equal(admitted, WINDOW / creditFor(1))
  })

  it('admits nothing after it is closed, including pieces that were waiting', async () => {
    const gate = new SendGate()
    await gate.admits(WINDOW)
    const waiting = gate.admits(1)
    gate.close()
    assert.isFalse(await waiting)
    assert.isFalse(await gate.admits(0))
  })
})
