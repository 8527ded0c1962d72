import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Sink } from '../../../src/adapters/log/sink.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { ManualOutput } from './manual-output.js'

const LINE_LENGTH = 100
const MEBIBYTE = 1024 * 1024

function line(number: number): string {
  return String(number).padEnd(LINE_LENGTH - 1, '.') + '\n'
}

function setUp(): { clock: FakeClock; output: ManualOutput; sink: Sink } {
  const clock = new FakeClock()
  const output = new ManualOutput()
  return { clock, output, sink: new Sink(output, clock) }
}

/** Appends numbered lines until one is dropped. Returns the number of accepted lines. */
function fill(sink: Sink): number {
  let taken = 0
  while (sink.append(line(taken))) taken++
  return taken
}

describe('Sink', () => {
  it('writes all lines together, a tenth of a second after the first, and not within append()', () => {
    const { clock, output, sink } = setUp()
    for (let i = 0; i < 10; i++) sink.append(line(i))
    assert.equal(output.writes, 0)
    clock.advance(100)
    assert.equal(output.writes, 1)
    assert.lengthOf(output.lines, 10)
  })

  it('sets one timer per batch, and none while there is nothing to write', () => {
    const { clock, sink } = setUp()
    for (let i = 0; i < 10; i++) sink.append(line(i))
    assert.equal(clock.pending, 1)
    clock.advance(100)
    assert.equal(clock.pending, 0)
  })

  it('writes a full batch without waiting', () => {
    const { clock, output, sink } = setUp()
    for (let i = 0; i < 800; i++) sink.append(line(i))
    assert.equal(output.writes, 0)
    clock.advance(0)
    assert.lengthOf(output.lines, 800)
  })

  it('has only one write in progress, and writes later lines after it', () => {
    const { clock, output, sink } = setUp()
    output.instant = false
    sink.append('first\n')
    clock.advance(100)
    sink.append('second\n')
    clock.advance(1000)
    assert.equal(output.writes, 1)
    output.finish()
    clock.advance(100)
    output.finish()
    assert.deepEqual(output.lines, ['first', 'second'])
  })

  it('continues a line where the last write ended', () => {
    const { clock, output, sink } = setUp()
    output.room = 7
    sink.append('a line in UTF-8: é😀\n')
    sink.append('and one more\n')
    while (output.lines.length < 2) {
      clock.advance(100)
      output.room = 3
    }
    assert.equal(output.text, 'a line in UTF-8: é😀\nand one more\n')
  })

  it('never splits, loses or reorders an accepted line, whatever the output does', () => {
    const step = fc.record({ room: fc.nat(300), advanceMs: fc.nat(300), lines: fc.nat(10), fails: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const { clock, output, sink } = setUp()
        const taken: string[] = []
        for (const { room, advanceMs, lines, fails } of steps) {
          output.room = room
          output.failure = fails ? 'ENOSPC' : 'EAGAIN'
          for (let i = 0; i < lines; i++) {
            sink.append(line(taken.length))
            taken.push(line(taken.length))
          }
          clock.advance(advanceMs)
          assert.isTrue(taken.join('').startsWith(output.text))
        }
        output.room = Infinity
        clock.advance(5000)
        assert.equal(output.text, taken.join(''))
      }),
    )
  })

  describe('while the output blocks', () => {
    it('buffers a limited amount and drops the newest lines', () => {
      const { clock, output, sink } = setUp()
      output.room = 0
      const taken = fill(sink)
      clock.advance(60_000)
      assert.equal(taken, Math.floor(MEBIBYTE / LINE_LENGTH))
      for (let i = 0; i < 100; i++) assert.isFalse(sink.append(line(0)))
      output.room = Infinity
      clock.advance(1000)
      assert.deepEqual(output.text, Array.from({ length: taken }, (_, i) => line(i)).join(''))
    })

    const retries: [failure: string, most: number, rule: string][] = [
      ['EAGAIN', 700, 'retries a blocked output, up to ten times per second'],
      ['ENOSPC', 61, 'retries a failing output once per second'],
      ['EPIPE', 61, 'retries once per second after the reader has closed'],
    ]
    for (const [failure, most, rule] of retries) {
      it(rule, () => {
        const { clock, output, sink } = setUp()
        Object.assign(output, { room: 0, failure })
        sink.append('still here\n')
        clock.advance(60_000)
        assert.isAtMost(output.writes, most)
        output.room = Infinity
        clock.advance(1000)
        assert.deepEqual(output.lines, ['still here'])
      })
    }

    it('does not retry more often when more lines are appended', () => {
      const { clock, output, sink } = setUp()
      Object.assign(output, { room: 0, failure: 'ENOSPC' })
      for (let i = 0; i < 1000; i++) {
        sink.append(line(i))
        clock.advance(1)
      }
      assert.isAtMost(output.writes, 2)
    })
  })

  describe('after a gap', () => {
    it('reports the number of dropped lines where they are missing, once half of the buffer is free', () => {
      const { clock, output, sink } = setUp()
      sink.onRecovery((dropped) => sink.append(`missing: ${dropped}\n`))
      output.room = 0
      const taken = fill(sink)
      for (let i = 0; i < 9; i++) sink.append(line(0))
      clock.advance(1000)
      output.room = MEBIBYTE / 4
      clock.advance(1000)
      assert.isFalse(sink.append(line(0)), 'a little room does not end the gap')
      output.room = Infinity
      clock.advance(1000)
      sink.append('next\n')
      clock.advance(1000)
      assert.deepEqual(output.lines.slice(taken), ['missing: 11', 'next'])
    })

    it('reports each gap once', () => {
      const { clock, output, sink } = setUp()
      const told: number[] = []
      sink.onRecovery((dropped) => told.push(dropped))
      for (let i = 0; i < 2; i++) {
        output.room = 0
        fill(sink)
        output.room = Infinity
        clock.advance(5000)
      }
      assert.deepEqual(told, [1, 1])
    })

    it('accepts lines again after a single line over the limit', () => {
      const { clock, output, sink } = setUp()
      sink.onRecovery((dropped) => sink.append(`missing: ${dropped}\n`))
      assert.isFalse(sink.append('x'.repeat(MEBIBYTE + 1)))
      assert.isTrue(sink.append('next\n'))
      clock.advance(100)
      assert.deepEqual(output.lines, ['missing: 1', 'next'])
    })
  })

  describe('close()', () => {
    it('writes all buffered lines before it resolves', async () => {
      const { clock, output, sink } = setUp()
      sink.append('last\n')
      const closed = sink.close()
      clock.advance(0)
      await closed
      assert.deepEqual(output.lines, ['last'])
      assert.equal(clock.pending, 0)
    })

    it('waits for the write in progress and for lines appended meanwhile', async () => {
      const { clock, output, sink } = setUp()
      output.instant = false
      sink.append('under way\n')
      clock.advance(100)
      const closed = sink.close()
      sink.append('last\n')
      output.finish()
      clock.advance(0)
      output.finish()
      await closed
      assert.deepEqual(output.lines, ['under way', 'last'])
    })

    for (const failure of ['EAGAIN', 'ENOSPC']) {
      it(`gives up after a second of ${failure}, and leaves no timer`, async () => {
        const { clock, output, sink } = setUp()
        Object.assign(output, { room: 0, failure })
        sink.append('never\n')
        const closed = sink.close()
        clock.advance(1000)
        await closed
        assert.equal(clock.pending, 0)
      })
    }

    it('reports a gap that ends with it', async () => {
      const { clock, output, sink } = setUp()
      sink.onRecovery((dropped) => sink.append(`missing: ${dropped}\n`))
      output.instant = false
      fill(sink)
      clock.advance(0)
      const closed = sink.close()
      output.finish()
      clock.advance(0)
      output.finish()
      await closed
      assert.equal(output.lines.at(-1), 'missing: 1')
    })

    it('sets no timer for a write that ends after it', async () => {
      const { clock, output, sink } = setUp()
      output.instant = false
      sink.append('under way\n')
      clock.advance(100)
      const closed = sink.close()
      sink.append('never\n')
      clock.advance(1000)
      await closed
      output.finish()
      assert.equal(clock.pending, 0)
    })

    it('resolves at once without lines, and drops every later line', async () => {
      const { sink } = setUp()
      await Promise.all([sink.close(), sink.drain()])
      assert.isFalse(sink.append('late\n'))
    })
  })

  describe('whenRoom()', () => {
    it('calls the listener at once while the sink is not full', () => {
      const { sink } = setUp()
      let told = 0
      sink.whenRoom(() => told++)
      assert.deepEqual([sink.isOverPauseLimit, told], [false, 1])
    })

    it('calls the listener once when there is room again, long before a line would be dropped', () => {
      const { clock, output, sink } = setUp()
      output.room = 0
      while (!sink.isOverPauseLimit) assert.isTrue(sink.append(line(0)))
      let told = 0
      sink.whenRoom(() => told++)
      clock.advance(1000)
      assert.equal(told, 0)
      output.room = Infinity
      clock.advance(1000)
      sink.append(line(1))
      clock.advance(1000)
      assert.deepEqual([sink.isOverPauseLimit, told], [false, 1])
    })
  })
})
