/** What Linux knows about processes from outside (proc(5)). */
import { readFileSync } from 'node:fs'
import { usageOfTree } from '../dist/src/adapters/tools/comparison/process-tree.js'

/** What Linux counts processor time in, wherever it shows it to users. */
const TICKS_PER_SECOND = 100
const NS_PER_MS = 1e6

/** Processor time, user and system, of a process and all that descend from it, in nanoseconds; of threads that live. */
export function processorTimeNs(pid) {
  return usageOfTree(pid).processorMs * NS_PER_MS
}

/** Processor time of the children of this process that have ended, in seconds. */
export function endedChildrenSeconds() {
  const [, rest] = readFileSync('/proc/self/stat', 'utf8').split(') ')
  const [user, system] = rest.split(' ').slice(13, 15).map(Number)
  return (user + system) / TICKS_PER_SECOND
}

/** Processor time that all cores together have spent, for whomever: also for other machines, where this one is virtual. */
export function machineSeconds() {
  const [user, nice, system, , , irq, softIrq, stolen] = readFileSync('/proc/stat', 'utf8').match(/\d+/g).map(Number)
  return (user + nice + system + irq + softIrq + stolen) / TICKS_PER_SECOND
}

/** Resident memory in octets. */
export function residentBytes(pid) {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kibibytes) * 1024
}
