import { spawnPinned } from '../pinned.mjs'

/** Longer than any load. It ends a client that waits for a response forever. */
const TIMEOUT_MS = 120_000

/**
 * Runs a load generator.
 *
 * @param core the core, as for `spawnPinned`
 * @returns a promise of its stdout
 */
export function outputOf(core, program, args) {
  const child = spawnPinned(core, program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: TIMEOUT_MS })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`Cannot generate load: ${program} ended with exit code ${code}, wanted 0\n${output}`))
    })
  })
}
