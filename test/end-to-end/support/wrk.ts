import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { itNeeding } from './needing.js'

/** What `wrk` saw. */
export interface WrkRun {
  readonly requests: number
  /** Its lines about errors of connections and about statuses outside of 2xx and 3xx. */
  readonly troubles: readonly string[]
}

/** What needs wrk. */
export const itWithWrk = itNeeding('wrk')

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
