import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { outputOf } from './output-of.mjs'

const PIPELINE = join(import.meta.dirname, 'pipeline.lua')
const POST = join(import.meta.dirname, 'post.lua')

/** The load generator wrk. */
export const wrk = {
  name: 'wrk',

  isAvailable() {
    return spawnSync('wrk', ['--version']).error === undefined
  },

  /** @returns a promise of `{ requests, seconds, errors }` */
  async run({ url, core, connections, seconds, pipelined = 1, fields = [], post = 0 }) {
    const output = await outputOf(core, 'wrk', [
      '--threads',
      '1',
      '--connections',
      String(connections),
      '--duration',
      `${seconds}s`,
      ...fields.flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
      ...scripted(url, pipelined, post),
    ])
    const requests = numberIn(output, /(\d+) requests in/)
    const errors = [/connect (\d+)/, /read (\d+)/, /write (\d+)/, /timeout (\d+)/, /Non-2xx or 3xx responses: (\d+)/]
    return {
      requests,
      seconds: requests / numberIn(output, /Requests\/sec: +([\d.]+)/),
      errors: errors.reduce((sum, pattern) => sum + numberIn(output, pattern), 0),
    }
  },
}

function scripted(url, pipelined, post) {
  if (post > 0) return ['--script', POST, url, '--', String(post)]
  return pipelined > 1 ? ['--script', PIPELINE, url, '--', String(pipelined)] : [url]
}

/** Returns 0 where the pattern does not match: wrk prints only errors that happened. */
function numberIn(output, pattern) {
  return Number(pattern.exec(output)?.[1] ?? 0)
}
