import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Clock } from '../../src/ports/operations/clock.js'

/** A clock, and a function that lets time pass. */
export interface ClockUnderTest {
  readonly clock: Clock
  /** Resolves when at least this time has passed and all due timers have run. */
  pass(ms: number): void | Promise<void>
}

/** The contract of every clock. */
export function clockContract(name: string, make: () => ClockUnderTest): void {
  describe(`${name} fulfils the contract of a clock`, () => {
    it('now() advances and counts milliseconds', async () => {
      const { clock, pass } = make()
      const before = clock.now()
      await pass(5)
      assert.isAtLeast(clock.now() - before, 5)
    })

    it('machine() advances as now() does', async () => {
      const { clock, pass } = make()
      const before = clock.machine()
      await pass(5)
      assert.isAtLeast(clock.machine() - before, 5)
    })

    it('wall() counts from 1970', () => {
      assert.isAbove(make().clock.wall(), Date.UTC(2020, 0, 1))
    })

    it('after() runs its task once, and not early', async () => {
      const { clock, pass } = make()
      let runs = 0
      clock.after(4, () => runs++)
      assert.equal(runs, 0)
      await pass(6)
      await pass(6)
      assert.equal(runs, 1)
    })

    it('every() repeats its task until it is stopped', async () => {
      const { clock, pass } = make()
      let runs = 0
      const timer = clock.every(2, () => runs++)
      await pass(5)
      await pass(5)
      const before = runs
      timer.stop()
      await pass(5)
      assert.isAtLeast(before, 2)
      assert.equal(runs, before)
    })

    it('a task that is stopped early never runs, and stopping twice is harmless', async () => {
      const { clock, pass } = make()
      let runs = 0
      const timer = clock.after(2, () => runs++)
      timer.stop()
      timer.stop()
      await pass(5)
      assert.equal(runs, 0)
    })

    it('a tick may stop its own timer', async () => {
      const { clock, pass } = make()
      let runs = 0
      const timer = clock.every(1, () => {
        runs++
        timer.stop()
      })
      await pass(5)
      assert.equal(runs, 1)
    })
  })
}
