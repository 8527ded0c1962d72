import { readFileSync } from 'node:fs'

/** Descriptors that a process needs in addition to its connections. */
const SPARE = 40

/**
 * Checks that this process can open a number of connections. Otherwise the load would consist of failed attempts.
 *
 * @throws {Error} when the limit of open files is too low; only Linux reports it
 */
export function checkDescriptors(connections: number): void {
  const most = mostDescriptors()
  if (connections + SPARE <= most) return
  throw new Error(
    `Cannot make ${connections} connections: this process may open ${most} files. Raise the limit with ulimit -n, or lower --concurrency`,
  )
}

function mostDescriptors(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Infinity : Number(soft)
  } catch {
    return Infinity
  }
}
