/** The file that releases `GET /held`. */
export const RELEASE = 'release'

/**
 * A plugin for tests, as a module's text: handlers that wait, go on without end, or watch who leaves.
 *
 * What `GET /held` waits for is the file `RELEASE` beside the plugins' folder: a server that drains takes no more
 * requests, and a file is seen by whichever thread the handler runs on.
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

function tellWhenAborted(request) {
  request.log.info('handler began')
  request.signal.addEventListener('abort', () => request.log.info('signal aborted'))
}

const never = (request) => {
  tellWhenAborted(request)
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
      tellWhenAborted(request)
      return stream(ticks(request))
    },
    'GET /flood': () => stream(flood()),
    'POST /echo': (request) => stream(request.content),
    'POST /length': async (request) => text(String((await request.bytes()).length)),
  },
}
`
