/** The handlers of the engines' contract: a plugin that each engine loads as it does any other. */
import { BadContentError } from '../../../src/domain/message/bad-content-error.js'
import { bytes, definePlugin, empty, file, json, stream, text, type PluginContext } from '../../../src/plugin.js'

const pooled = Buffer.from('octets of a pool')
const large = Buffer.alloc(100_000, 'x')
const large64k = Buffer.alloc(65_536, 'y')

let context: PluginContext | null = null

function codedError(): Error {
  return Object.assign(new TypeError('at once', { cause: new Error('root') }), { code: 'E_ODD' })
}

async function* counted(): AsyncGenerator<Uint8Array> {
  let made = 0
  try {
    for (; ; made++) yield large64k
  } finally {
    context?.log.info('counted ended', { made })
  }
}

async function* failing(): AsyncGenerator<string> {
  yield 'a piece'
  throw new Error('broken stream')
}

export default definePlugin({
  name: 'handlers',
  start: (given) => {
    context = given
  },
  stop: () => context?.log.info('handlers stopped'),
  routes: {
    'GET /users/:id/*': ({ method, target, path, query, params, headers, id, traceId, peer }) =>
      json({ method, target, path, query: [...query], params, headers: [...headers], id, traceId, peer }),
    'GET /prototype/:id': ({ params }) => text(String(Object.getPrototypeOf(params))),
    'GET /string': () => 'ünd ☃',
    'GET /promise': async () => 'later',
    'GET /timer': () => new Promise((resolve) => setTimeout(() => resolve('after a while'), 5)),
    'GET /inline': { inline: true, handler: () => 'now' },
    'GET /text': () => text('hello', { status: 201, headers: { 'X-A': 'b', 'Set-Cookie': ['a=1', 'b=2'] } }),
    'GET /empty': () => empty(),
    'GET /octets': () => bytes(pooled, 'text/odd'),
    'GET /large': () => bytes(large),
    'GET /kept': () => text(`${pooled.toString()} ${pooled.buffer.byteLength > 0} ${large.length} ${large64k.length}`),
    'GET /file': () => file('a/b.txt', { root: '/srv', precompressed: true, headers: { 'X-A': 'b' } }),
    'GET /throws': () => {
      throw codedError()
    },
    'GET /throws-inline': {
      inline: true,
      handler: () => {
        throw codedError()
      },
    },
    'GET /rejects': () => Promise.reject(codedError()),
    'GET /throws-text': () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- plugins may throw anything
      throw 'a text'
    },
    'POST /bad-json': async (request) => json(await request.json()),
    'POST /caught': async (request) => {
      const error: unknown = await request.json().catch((reason: unknown) => reason)
      return text(`${error instanceof SyntaxError} ${error instanceof BadContentError}`)
    },
    'POST /bytes': async (request) => bytes(await request.bytes()),
    'POST /trailers': async (request) => {
      const content = await request.text()
      return json([content, ...request.trailers])
    },
    'POST /ignored': () => 'ignored',
    'POST /waits': ({ signal, log }) => {
      log.info('waits')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    },
    'POST /failing': async (request) => {
      const error = (await request.bytes().catch((reason: unknown) => reason)) as Error
      return `${error instanceof Error} ${error.message}`
    },
    'POST /echo': (request) => stream(request.content),
    'GET /pieces': () => stream(['a', Buffer.from('b'), '', 'ü'], { length: 4, type: 'text/odd' }),
    'GET /counted': () => stream(counted()),
    'GET /failing': () => stream(failing()),
    'GET /odd-piece': () => stream([5 as unknown as string]),
    'GET /waits': ({ signal, log }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          log.info('aborted', { reason: (signal.reason as Error).message })
          resolve('too late')
        })
      }),
    'GET /log': ({ log }) => {
      log
        .with({ a: 1 })
        .warn('an event', { error: codedError(), object: { b: [true, null] }, absent: undefined, big: 5n })
      return 'logged'
    },
    'GET /context': async () => {
      const { thread, phase, unready, metrics } = context!
      return json([thread, phase(), unready(), (await metrics.snapshot()).engine, (await metrics.perWorker()).length])
    },
  },
})
