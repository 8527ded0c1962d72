/** The resource usage of a process and its descendants, from Linux (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs'
import type { ServerUsage } from '../../../ports/tools/measured-server.js'

const NS_PER_MS = 1e6
const BYTES_PER_KIBIBYTE = 1024

/**
 * Reads the usage of a process and all its descendants.
 *
 * @returns `null` where there is no such process, or no /proc
 */
export function usageOfTree(pid: number): ServerUsage | null {
  try {
    const all = treeOf(pid)
    return { processorMs: sum(all.map(processorMs)), residentBytes: sum(all.map(residentBytes)) }
  } catch {
    return null
  }
}

const threadsOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)

function treeOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => readFileSync(`${thread}/children`, 'utf8').match(/\d+/g) ?? [])
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))]
}

/** Reads the account of the scheduler, because /proc/PID/stat only counts ticks of 10 ms. */
function processorMs(pid: number): number {
  const ns = threadsOf(pid).map((thread) => Number(readFileSync(`${thread}/schedstat`, 'utf8').split(' ')[0]))
  return sum(ns) / NS_PER_MS
}

function residentBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * BYTES_PER_KIBIBYTE
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)
