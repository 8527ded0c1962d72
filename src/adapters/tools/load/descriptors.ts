import { readFileSync } from 'node:fs'

/** Files that a process has open beside its connections, and some more. */
const SPARE = 40

/**
 * Sees that a process can open so many connections: a load that runs into the bound would do nothing but try again.
 *
 * @throws {Error} when it may not, where the system tells (Linux)
 */
export function checkDescriptors(connections: number): void {
  const most = mostDescriptors()
  if (connections + SPARE <= most) return
  throw new Error(`Cannot make ${connections} connections: this process may have ${most} files open (ulimit -n)`)
}

function mostDescriptors(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Infinity : Number(soft)
  } catch {
    return Infinity
  }
}
