import { spawnPinned } from '../pinned.mjs'

/** Longer than any load lasts: a server that leaves a client waiting is found out then. */
const MOST_MS = 120_000

/**
 * Runs a load generator, on a core as `spawnPinned` takes it.
 *
 * @returns a promise of what it printed to stdout
 */
export function outputOf(core, program, args) {
  const child = spawnPinned(core, program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: MOST_MS })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`Cannot make load: ${program} ended with ${code}, wanted 0\n${output}`))
    })
  })
}
