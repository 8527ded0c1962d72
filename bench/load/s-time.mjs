import { spawnSync } from 'node:child_process'
import { outputOf } from './output-of.mjs'

/** The number of clients that keeps a core busy. Each waits for the other side during a handshake. */
const CLIENTS = 4

/** The load generator `openssl s_time`: one connection after another, each for one request. */
export const sTime = {
  isAvailable() {
    return spawnSync('openssl', ['version']).error === undefined
  },

  /**
   * @param url the root of an HTTPS server
   * @param resumes whether all handshakes except the first resume its session; otherwise none does
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
      // After a failed connection, openssl ends with another exit code than 0, which ends the benchmark.
      errors: 0,
    }
  },
}

function connectionsIn(output) {
  return Number(/(\d+) connections in \d+ real seconds/.exec(output)[1])
}
