import { pbkdf2Sync } from 'node:crypto'

const TRIALS = 500
const TRIAL_TURNS = 5000

/**
 * Derives a key from a password synchronously, as a careless login handler does. The work is the same each time and in
 * every thread. Unlike a wait, it takes longer on a busy core, as a real handler does.
 */
export function compute(turns) {
  return pbkdf2Sync('correct horse battery staple', 'salt', turns, 32, 'sha256').toString('hex')
}

/**
 * Finds the number of turns that take this long on this machine, from the fastest of many trials: other work delays
 * some.
 */
export function turnsFor(durationMs) {
  const trialsMs = Array.from({ length: TRIALS }, () => {
    const begunMs = performance.now()
    compute(TRIAL_TURNS)
    return performance.now() - begunMs
  })
  return Math.round((TRIAL_TURNS * durationMs) / Math.min(...trialsMs))
}
