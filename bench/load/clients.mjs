/** Clients for measurements that load generators do not offer. Each is a separate program, pinned to a core. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { outputOf } from './output-of.mjs'

const LONE = join(import.meta.dirname, 'lone.mjs')
const OPEN_LOOP = join(import.meta.dirname, 'open-loop.mjs')
const COMPUTING = join(import.meta.dirname, 'computing.mjs')

const NODE = [process.execPath]
const NODE_FIRST = ['chrt', '--fifo', '1', ...NODE]

/** Whether a client may get priority over servers on the same cores. */
export const CAN_GO_FIRST = isAllowed([...NODE_FIRST, '--version'])

/**
 * The command of clients that measure time. A real client has a separate machine, and its latencies must not include
 * the time in which the server uses all cores.
 */
const PROMPT_NODE = CAN_GO_FIRST ? NODE_FIRST : NODE

/** Sends one request after another on one connection. @returns a promise of `{ latencyMs, errors }` */
export function lone({ url, core, seconds, pauseMs }) {
  return resultOf(core, ...PROMPT_NODE, LONE, url, seconds, pauseMs)
}

/**
 * Sends requests at a rate, independent of responses.
 *
 * @returns a promise of `{ offered, lateMs, delayed, errors, replies, answered, answeredInTime }`: the number of
 *   measured requests, the delay of the client itself, the number of requests that found no free connection, the
 *   errors, and the responses by status: those to measured requests, all, and those that arrived while requests were
 *   still sent
 */
export function openLoop({ url, core, connections, rate, seconds }) {
  return resultOf(core, ...PROMPT_NODE, OPEN_LOOP, url, connections, rate, seconds)
}

/** Does the work of the computing route without a server. @returns a promise of `{ computed, seconds }` */
export function computing({ core, turns, seconds }) {
  return resultOf(core, ...NODE, COMPUTING, turns, seconds)
}

async function resultOf(core, program, ...args) {
  return JSON.parse(await outputOf(core, program, args.map(String)))
}

function isAllowed([program, ...args]) {
  return spawnSync(program, args).status === 0
}
