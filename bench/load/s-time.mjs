import { spawnSync } from 'node:child_process'
import { outputOf } from './output-of.mjs'

/** What a core needs to be kept busy with handshakes, each of which waits for the other side. */
const CLIENTS = 4

/** `openssl s_time`: one connection after the other, each for one request. */
export const sTime = {
  isAvailable() {
    return spawnSync('openssl', ['version']).error === undefined
  },

  /**
   * @param url of the root of an HTTPS server
   * @param resumes whether all handshakes but the first are to resume its session; else none does
   * @returns a promise of `{ requests, seconds, errors }`
   */
  async run({ url, core, seconds, resumes }) {
    const { host } = new URL(url)
    const args = ['s_time', '-connect', host, '-www', '/', '-time', String(seconds), resumes ? '-reuse' : '-new']
    const begunMs = performance.now()
    const outputs = await Promise.all(Array.from({ length: CLIENTS }, () => outputOf(core, 'openssl', args)))
    return {
      requests: outputs.reduce((sum, output) => sum + connectionsIn(output), 0),
      seconds: (performance.now() - begunMs) / 1000,
      // A connection that fails ends it with another status than 0, which ends the bench.
      errors: 0,
    }
  },
}

function connectionsIn(output) {
  return Number(/(\d+) connections in \d+ real seconds/.exec(output)[1])
}
