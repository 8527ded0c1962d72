/** What Linux knows about a process from outside (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Processor time, user and system, of all threads that live, in nanoseconds.
 *
 * The scheduler's own account: /proc/PID/stat would tell it in ticks of 10 ms.
 */
export function processorTimeNs(pid) {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    0,
  )
}

/** Resident memory in octets. */
export function residentOctets(pid) {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kibibytes) * 1024
}
