import { execFile, spawnSync } from 'node:child_process'
import { it, type AsyncFunc } from 'mocha'
import { promisify } from 'node:util'

/** What `wrk` saw. */
export interface WrkRun {
  readonly requests: number
  /** Its lines about errors of connections and about statuses outside of 2xx and 3xx. */
  readonly troubles: readonly string[]
}

/** A test that is skipped where there is no wrk, with a line that says how to get it. */
export function itWithWrk(title: string, test: AsyncFunc): void {
  if (spawnSync('wrk', ['--version']).error === undefined) it(title, test)
  else it.skip(`${title} (wrk is missing; install it with: apt-get install wrk)`, test)
}

/** Asks again and again for so long, over 16 connections that persist. */
export async function wrk(url: string, seconds: number): Promise<WrkRun> {
  const { stdout } = await promisify(execFile)('wrk', [
    '--threads',
    '1',
    '--connections',
    '16',
    '-d',
    `${seconds}s`,
    url,
  ])
  const requests = Number(/^\s*(\d+) requests in/m.exec(stdout)![1])
  return { requests, troubles: stdout.match(/^.*(?:Socket errors|Non-2xx).*$/gm) ?? [] }
}
