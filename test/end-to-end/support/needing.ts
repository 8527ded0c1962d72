import { spawnSync } from 'node:child_process'
import { describe, it, type AsyncFunc, type Suite } from 'mocha'

type Describe = (title: string, define: (this: Suite) => void) => void

/** The advice for a program that is missing; `null` when it is installed. */
function remedyFor(program: string, debianPackage: string): string | null {
  const isInstalled = spawnSync(program, ['--version']).error === undefined
  return isInstalled ? null : `skipped: ${program} is missing; install it with: apt-get install ${debianPackage}`
}

/**
 * A `describe` for tests that need a program of another project. Without the program the tests are skipped, and the title
 * says how to install it.
 */
export function describeNeeding(program: string, debianPackage = program): Describe {
  const remedy = remedyFor(program, debianPackage)
  return (title, define) => {
    if (remedy === null) describe(title, define)
    else describe.skip(`${title} (${remedy})`, define)
  }
}

/** An `it` for a single test that needs such a program. */
export function itNeeding(program: string, debianPackage = program): (title: string, test: AsyncFunc) => void {
  const remedy = remedyFor(program, debianPackage)
  return (title, test) => {
    if (remedy === null) it(title, test)
    else it.skip(`${title} (${remedy})`, test)
  }
}
