/** Our own clients, for what load generators do not measure: each a program of its own, on a core of its own. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { outputOf } from './output-of.mjs'

const LONE = join(import.meta.dirname, 'lone.mjs')
const OPEN_LOOP = join(import.meta.dirname, 'open-loop.mjs')
const COMPUTING = join(import.meta.dirname, 'computing.mjs')

const NODE = [process.execPath]
const NODE_FIRST = ['chrt', '--fifo', '1', ...NODE]

/** Whether we may put a client before the servers on cores that they share. */
export const CAN_GO_FIRST = isAllowed([...NODE_FIRST, '--version'])

/**
 * For a client that sees time pass: a real one has a machine of its own, and must not be found slow because the server
 * keeps these cores busy.
 */
const PROMPT_NODE = CAN_GO_FIRST ? NODE_FIRST : NODE

/** One connection, one request after the other. @returns a promise of `{ latencyMs, errors }` */
export function lone({ url, core, seconds, pauseMs }) {
  return resultOf(core, ...PROMPT_NODE, LONE, url, seconds, pauseMs)
}

/**
 * Requests at a rate that no answer slows.
 *
 * @returns a promise of `{ offered, lateMs, delayed, errors, replies, answered, answeredInTime }`: how late the client
 *   itself was, how many requests found all connections taken, and by status what came back: of the requests that count,
 *   of all, and while requests still came
 */
export function openLoop({ url, core, connections, rate, seconds }) {
  return resultOf(core, ...PROMPT_NODE, OPEN_LOOP, url, connections, rate, seconds)
}

/** What the computing route computes, without a server. @returns a promise of `{ computed, seconds }` */
export function computing({ core, turns, seconds }) {
  return resultOf(core, ...NODE, COMPUTING, turns, seconds)
}

async function resultOf(core, program, ...args) {
  return JSON.parse(await outputOf(core, program, args.map(String)))
}

function isAllowed([program, ...args]) {
  return spawnSync(program, args).status === 0
}
