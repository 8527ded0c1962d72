import { fileURLToPath } from 'node:url'
import { outputOf } from './output-of.mjs'

const PROGRAM = fileURLToPath(import.meta.resolve('autocannon'))

/**
 * The load generator autocannon. It is slower than fast servers: it then limits the requests per second, and pipelined
 * requests arrive in smaller batches.
 */
export const autocannon = {
  name: 'autocannon',

  /** @returns a promise of `{ requests, seconds, errors }` */
  async run({ url, core, connections, seconds, pipelined = 1, fields = [], post = 0 }) {
    const load = [
      '--connections',
      String(connections),
      '--duration',
      String(seconds),
      '--pipelining',
      String(pipelined),
      ...fields.flatMap(([name, value]) => ['--headers', `${name}=${value}`]),
      ...(post > 0 ? ['--method', 'POST', '--body', 'x'.repeat(post)] : []),
    ]
    const output = await outputOf(core, process.execPath, [PROGRAM, '--json', '--no-progress', ...load, url])
    const result = JSON.parse(output)
    return {
      requests: result.requests.total,
      seconds: result.duration,
      errors: result.errors + result.timeouts + result.non2xx,
    }
  },
}
