import { SystemClock } from '../../../src/adapters/clock/system-clock.js'
import { clockContract } from '../../contract/clock.js'

clockContract('SystemClock', () => ({
  clock: new SystemClock(),
  // A timer may ring a fraction of a millisecond early.
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 2)),
}))
