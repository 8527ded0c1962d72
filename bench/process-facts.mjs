/** Resource usage of processes, from Linux (proc(5)). */
import { readFileSync } from 'node:fs'
import { usageOfTree } from '../dist/src/adapters/tools/comparison/process-tree.js'

/** The unit of CPU time in the files of /proc. */
const TICKS_PER_SECOND = 100
const NS_PER_MS = 1e6

/** Reads the CPU time, user and system, of the running threads of a process and its descendants, in nanoseconds. */
export function processorTimeNs(pid) {
  return usageOfTree(pid).processorMs * NS_PER_MS
}

/** Reads the CPU time of the ended children of this process, in seconds. */
export function endedChildrenSeconds() {
  const [, rest] = readFileSync('/proc/self/stat', 'utf8').split(') ')
  const [user, system] = rest.split(' ').slice(13, 15).map(Number)
  return (user + system) / TICKS_PER_SECOND
}

/** Reads the busy time of all cores together, in seconds. It includes time stolen by other virtual machines. */
export function machineSeconds() {
  const [user, nice, system, , , irq, softIrq, stolen] = readFileSync('/proc/stat', 'utf8').match(/\d+/g).map(Number)
  return (user + nice + system + irq + softIrq + stolen) / TICKS_PER_SECOND
}

/** Reads the resident memory of a process, in bytes. */
export function residentBytes(pid) {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kibibytes) * 1024
}
