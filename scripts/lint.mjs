/** `npm run lint`: all checks that read the sources without running them. */
import { runQuietly } from './program.mjs'

/**
 * The folder of the caches: each check reads only files that have changed since its last run. Because of that, eslint's typed
 * rules can miss the effect of a change on another file. CI starts without caches.
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
 * Runs all checks at once. Prints a line per check, and the output of each check that fails.
 *
 * @returns a promise of the numbers of checks that passed and that failed
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
