import { execFileSync } from 'node:child_process'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { SystemClock } from '../../../src/adapters/clock/system-clock.js'
import { clockContract } from '../../contract/clock.js'

clockContract('SystemClock', () => ({
  clock: new SystemClock(),
  // A timer may fire a fraction of a millisecond early.
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 2)),
}))

describe('SystemClock', () => {
  it('reads the same machine time as other processes', () => {
    const { href } = new URL('../../../src/adapters/clock/system-clock.js', import.meta.url)
    const program = `import { SystemClock } from '${href}'; process.stdout.write(String(new SystemClock().machine()))`
    const before = new SystemClock().machine()
    const theirs = Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }))
    assert.isAbove(theirs, before)
    assert.isBelow(theirs, new SystemClock().machine())
  })
})
