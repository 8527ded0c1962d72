import { pbkdf2Sync } from 'node:crypto'

const TRIALS = 500
const TRIAL_TURNS = 5000

/**
 * Derives a key from a password, as a login does that forgot to do it asynchronously. It is the same work each time, in
 * every thread, and takes longer on a busy core, as a handler's would; waiting for a time to pass would not.
 */
export function compute(turns) {
  return pbkdf2Sync('correct horse battery staple', 'salt', turns, 32, 'sha256').toString('hex')
}

/** How many turns take that long on this machine; the quickest of some trials, since others may be at work on it. */
export function turnsFor(durationMs) {
  const trialsMs = Array.from({ length: TRIALS }, () => {
    const begunMs = performance.now()
    compute(TRIAL_TURNS)
    return performance.now() - begunMs
  })
  return Math.round((TRIAL_TURNS * durationMs) / Math.min(...trialsMs))
}
