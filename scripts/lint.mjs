/** `npm run lint`: everything that reads the sources without running them. */
import { runQuietly } from './program.mjs'

const CHECKS = [
  ['eslint', ['--max-warnings', '0', '.']],
  ['prettier', ['--check', '--log-level', 'warn', '.']],
  ['depcruise', ['--config', '.dependency-cruiser.cjs', 'src', 'plugins', 'test']],
  ['knip', []],
]

/**
 * Prints a line per check, and what a check that fails has to say.
 *
 * @returns a promise of how many checks passed and failed
 */
export async function lint() {
  const passed = await Promise.all(CHECKS.map(([program, args]) => check(program, args)))
  return { passed: passed.filter((it) => it).length, failed: passed.filter((it) => !it).length }
}

async function check(program, args) {
  const { succeeded, output } = await runQuietly(program, args)
  process.stdout.write(succeeded ? `${program}: passed\n` : `${program}: failed\n${output}\n`)
  return succeeded
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await lint()).failed === 0 ? 0 : 1
