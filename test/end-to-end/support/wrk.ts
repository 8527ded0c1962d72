import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { within } from '../../support/waiting.js'
import { itNeeding } from './needing.js'

/** The results of wrk. */
export interface WrkReport {
  readonly requests: number
  /** Its lines about connection errors and about statuses other than 2xx and 3xx. */
  readonly troubles: readonly string[]
}

/** `it` for tests that need wrk. */
export const itWithWrk = itNeeding('wrk')

/** A bound in case a test does not stop wrk. */
const LONGEST_S = 60

/**
 * Runs wrk with 16 persistent connections until it is stopped.
 *
 * @returns a function that stops wrk and returns its report
 */
export function startWrk(url: string): () => Promise<WrkReport> {
  const flags = ['--threads', '1', '--connections', '16', '--duration', `${LONGEST_S}s`]
  const child = spawn('wrk', [...flags, url], { stdio: ['ignore', 'pipe', 'ignore'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const closed = once(child, 'close')
  return async () => {
    child.kill('SIGINT')
    await within(closed, () => 'the end of wrk')
    const requests = Number(/^\s*(\d+) requests in/m.exec(printed)![1])
    return { requests, troubles: printed.match(/^.*(?:Socket errors|Non-2xx).*$/gm) ?? [] }
  }
}
