/** While this file exists next to the plugin folder, handler threads die soon after their start. */
export const CRASH = 'crash'

/** A named pipe without a writer: reading it blocks forever in a system call. */
export const PIPE = 'pipe'

/** The text of a plugin with handlers that harm their thread, and with harmless ones. */
export const POOL_PLUGIN = `
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as later } from 'node:timers/promises'
import { definePlugin, json, stream } from 'portico/plugin'

const PIPE = new URL('../${PIPE}', import.meta.url)
const CRASH = new URL('../${CRASH}', import.meta.url)
const MIB = 1024 * 1024
const leaked = []
let own

function spin() {
  for (;;) Math.random()
}

function blockFor(ms) {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs) Math.random()
}

function hoard(make) {
  const hoard = []
  for (;;) hoard.push(make(hoard.length))
}

async function* ticks({ log, signal }) {
  try {
    for (;;) {
      yield 'tick of thread ' + own.thread + '.'
      await later(10, undefined, { signal })
    }
  } finally {
    log.info('stream ended')
  }
}

function* endless() {
  const piece = 'x'.repeat(1000)
  for (;;) yield piece
}

async function* breaking() {
  yield 'first'
  await later(20)
  throw new Error('the secret of the stream')
}

function watched(request) {
  request.log.info('handler began')
  request.signal.addEventListener('abort', () => request.log.info('signal aborted'))
  return new Promise(() => {})
}

export default definePlugin({
  name: 'pool',
  start(context) {
    own = context
    own.log.info('plugin started', { number: own.thread })
    if (own.thread > 0 && existsSync(CRASH)) setTimeout(() => process.exit(7), 20)
  },
  stop() {
    own.log.info('plugin stopped', { number: own.thread })
  },
  routes: {
    'GET /light': () => 'light\\n',
    'GET /inline': { inline: true, handler: () => 'inline\\n' },
    'GET /thread': () => String(own.thread),
    'GET /wait/:ms': async ({ params }) => (await later(Number(params.ms)), 'waited\\n'),
    'GET /work/:ms': ({ params }) => (blockFor(Number(params.ms)), 'worked\\n'),
    'GET /spin': spin,
    'GET /spin-behind': () => (setImmediate(spin), 'done\\n'),
    'GET /system-call': () => readFileSync(PIPE, 'utf8'),
    'GET /at-times/:mood': ({ params }) => (params.mood === 'spin' ? spin() : 'calm\\n'),
    'GET /hoard/objects': () => hoard((at) => ({ at, text: ['x' + at, 'y' + at] })),
    'GET /hoard/buffers': () => hoard(() => Buffer.alloc(MIB, 1)),
    'GET /leak': () => String(leaked.push(Buffer.alloc(4 * MIB, 1))),
    'GET /stray/exit': () => process.exit(3),
    'GET /stray/timer': () => (setTimeout(() => { throw new Error('a stray error') }), 'set\\n'),
    'GET /stray/rejection': () => (void Promise.reject(new Error('a stray error')), 'set\\n'),
    'GET /never': watched,
    'GET /ticks': (request) => (request.log.info('handler began'), stream(ticks(request))),
    'GET /breaks': () => stream(breaking()),
    'GET /throws': () => { throw new Error('the secret of the house') },
    'GET /says': () => (console.log('said by a handler'), 'said\\n'),
    'POST /back': (request) => stream(request.content),
    'GET /endless': () => stream(endless()),
    'POST /unread': async () => (await later(300), 'unread\\n'),
    'POST /trailers': async (request) => json({ content: await request.text(), trailers: [...request.trailers] }),
  },
})
`
