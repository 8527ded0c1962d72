import { spawnSync } from 'node:child_process'
import { describe, it, type AsyncFunc, type Suite } from 'mocha'

type Describe = (title: string, define: (this: Suite) => void) => void

/** `null` when a program can be run; else what to do about it. Each is named as its package of Debian is. */
function remedyFor(program: string): string | null {
  const isThere = spawnSync(program, ['--version']).error === undefined
  return isThere ? null : `${program} is missing; install it with: apt-get install ${program}`
}

/** Describes what needs a program that no one here wrote: a suite that is skipped where it is missing, and says how to get it. */
export function describeNeeding(program: string): Describe {
  const remedy = remedyFor(program)
  return (title, define) => {
    if (remedy === null) describe(title, define)
    else describe.skip(`${title} (${remedy})`, define)
  }
}

/** The same for a single test. */
export function itNeeding(program: string): (title: string, test: AsyncFunc) => void {
  const remedy = remedyFor(program)
  return (title, test) => {
    if (remedy === null) it(title, test)
    else it.skip(`${title} (${remedy})`, test)
  }
}
