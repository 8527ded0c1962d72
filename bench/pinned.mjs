import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Whether processes can be bound to a core of their own. */
export const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

const ANY_CORE = null

/** The server has one core and the load another, so that neither takes processor time from the other. */
export const APART = { placement: 'one core', server: 0, load: 1 }
/** Both run wherever there is room: what the load takes, the server lacks. */
export const TOGETHER = { placement: 'all cores', server: ANY_CORE, load: ANY_CORE }

/** Like `spawn`, on one core where that can be had; the process id is that of the program itself either way. */
export function spawnPinned(core, program, args, options) {
  return CAN_PIN && core !== ANY_CORE
    ? spawn('taskset', ['--cpu-list', String(core), program, ...args], options)
    : spawn(program, args, options)
}
