import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Whether processes can be pinned to cores. */
export const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

const ANY_CORE = null

/** The server has one core and the load generator another, so that neither takes CPU time from the other. */
export const APART = { placement: 'one core', server: 0, load: 1 }
/** Server and load generator share all cores. */
export const TOGETHER = { placement: 'all cores', server: ANY_CORE, load: ANY_CORE }

/** Spawns a program, pinned to a core where that is possible. The process id is that of the program in any case. */
export function spawnPinned(core, program, args, options) {
  return CAN_PIN && core !== ANY_CORE
    ? spawn('taskset', ['--cpu-list', String(core), program, ...args], options)
    : spawn(program, args, options)
}
