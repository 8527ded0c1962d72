import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** What the kernel knows of a process is told by Linux only. */
export const TELLS_FACTS = process.platform === 'linux'

const CLOCK_TICK_MS = 10
const POLL_MS = 20
const PATIENCE_MS = 15_000

/** Octets of memory in use, without what the kernel holds for sockets. */
export function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kib) * 1024
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Processor time used so far, in milliseconds. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * CLOCK_TICK_MS
}

/** The same of every thread that still runs, to the microsecond. */
export function exactProcessorMs(pid: number): number {
  const ofThread = (thread: string): number =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + ofThread(thread), 0) / 1_000_000
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number)
}

/** Asks again and again until it is so; for what nobody tells. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error(`Cannot wait any longer until ${what}`)
    await setTimeout(POLL_MS)
  }
}
