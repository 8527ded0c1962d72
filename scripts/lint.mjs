/** `npm run lint`: everything that reads the sources without running them. */
import { runQuietly } from './program.mjs'

/**
 * Each check reads again only what has changed since it last ran. Rules of eslint that read types can miss what a change
 * of one file means for another; CI begins without these files, and so misses nothing.
 */
const CACHE = 'node_modules/.cache'
const CACHED = (program) => ['--cache', '--cache-location', `${CACHE}/${program}/cache`]

const CHECKS = [
  ['eslint', ['--max-warnings', '0', ...CACHED('eslint'), '--cache-strategy', 'content', '.']],
  ['prettier', ['--check', '--log-level', 'warn', ...CACHED('prettier'), '--cache-strategy', 'content', '.']],
  ['depcruise', ['--config', '.dependency-cruiser.cjs', '--cache', `${CACHE}/depcruise`, 'src', 'plugins', 'test']],
  ['knip', CACHED('knip')],
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
