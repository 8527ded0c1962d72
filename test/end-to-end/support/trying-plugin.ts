/** The file that releases `GET /held`. */
export const RELEASE = 'release'

/**
 * The text of a plugin with handlers that wait, that stream without end, or that report when their client disconnects.
 *
 * `GET /held` waits for the file `RELEASE` next to the plugin folder. A request could not release it: a draining server
 * accepts none, and it could run on another thread.
 */
export const TRYING_PLUGIN = `
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { stream, text } from 'portico/plugin'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

const RELEASE = new URL('../${RELEASE}', import.meta.url)

async function held({ signal }) {
  while (!existsSync(RELEASE)) await setTimeout(10, undefined, { signal })
  return 'released\\n'
}

async function* ticks({ signal }) {
  for (;;) {
    yield 'tick\\n'
    await setTimeout(10, undefined, { signal })
  }
}

function* flood() {
  const piece = Buffer.alloc(65_536, 'x')
  for (;;) yield piece
}

function logAbort(request) {
  request.log.info('handler began')
  request.signal.addEventListener('abort', () => request.log.info('signal aborted'))
}

const never = (request) => {
  logAbort(request)
  return new Promise(() => {})
}

export default {
  name: 'trying',
  routes: {
    'GET /hello': () => 'Hello\\n',
    'GET /held': held,
    'GET /never': never,
    'POST /never': never,
    'GET /external': {
      inline: true,
      handler: () => {
        collectGarbage()
        return String(process.memoryUsage().external)
      },
    },
    'GET /ticks': (request) => {
      logAbort(request)
      return stream(ticks(request))
    },
    'GET /flood': () => stream(flood()),
    'POST /echo': (request) => stream(request.content),
    'POST /length': async (request) => text(String((await request.bytes()).length)),
  },
}
`
