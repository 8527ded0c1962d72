import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { outputOf } from './output-of.mjs'

const SCRIPT = join(import.meta.dirname, 'pipeline.lua')

export const wrk = {
  name: 'wrk',

  isAvailable() {
    return spawnSync('wrk', ['--version']).error === undefined
  },

  /** @returns a promise of `{ requests, seconds, errors }` */
  async run({ url, core, connections, seconds, pipelined = 1, fields = [] }) {
    const script = pipelined > 1 ? ['--script', SCRIPT, url, '--', String(pipelined)] : [url]
    const output = await outputOf(core, 'wrk', [
      '--threads',
      '1',
      '--connections',
      String(connections),
      '--duration',
      `${seconds}s`,
      ...fields.flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
      ...script,
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

/** 0 where there is none: wrk names only the errors it saw. */
function numberIn(output, pattern) {
  return Number(pattern.exec(output)?.[1] ?? 0)
}
