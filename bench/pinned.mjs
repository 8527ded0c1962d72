import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Where each side runs, so that neither takes processor time from the other. */
export const SERVER_CORE = 0
export const LOAD_CORE = 1

/** Whether processes can be bound to a core of their own. */
export const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** Like `spawn`, on one core where that can be had; the process id is that of the program itself either way. */
export function spawnPinned(core, program, args, options) {
  return CAN_PIN
    ? spawn('taskset', ['--cpu-list', String(core), program, ...args], options)
    : spawn(program, args, options)
}
