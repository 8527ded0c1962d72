/**
 * `npm test`: sets up what is missing, lints, runs every test with its coverage measured, and ends with the line
 * `N passed, N failed`, in which each test, each linter and the coverage bound counts as one.
 *
 * `--suite`: the tests alone, for another version of Node.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lint } from './lint.mjs'
import { pathOf, run } from './program.mjs'
import { setUp } from './set-up.mjs'

/** Tests that measure what others notice of a fault, or how much memory is taken, want the machine for themselves. */
const ALONE = ['dist/test/**/*.alone.test.js']
/** Of all others those that take longest, which begin first, so that none of them is still at it when all else is done. */
const LONGEST = /end-to-end.(?:workers|deadlines|drain|tls|command-line|dashboard)\.|scripts.start\./
/** Most tests of servers wait most of the time, so that more of them than there are cores go on side by side. */
const SIDE_BY_SIDE = ['--parallel', '--jobs', '3']

/** Of the branches of src/domain, in percent. */
const DOMAIN_BRANCHES = 98

const NOTHING = { passed: 0, failed: 0 }
const PASSED = { passed: 1, failed: 0 }
const FAILED = { passed: 0, failed: 1 }

const tally = await testEverything(process.argv.includes('--suite'))
process.exitCode = tally.failed === 0 ? 0 : 1
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`)

async function testEverything(suiteOnly) {
  if (!setUp()) return FAILED
  const together = [...filesTogether(), ...SIDE_BY_SIDE]
  if (suiteOnly) return sum([await suite(together), await suite(ALONE)])
  const linted = await lint()
  const measured = await suite(together, ['--reporter', 'none'])
  return sum([linted, measured, await suite(ALONE), await coverage()])
}

function filesTogether() {
  const all = readdirSync('dist/test', { recursive: true }).map((file) => join('dist/test', file))
  const files = all.filter((file) => file.endsWith('.test.js') && !file.endsWith('.alone.test.js')).sort()
  return [...files.filter((file) => LONGEST.test(file)), ...files.filter((file) => !LONGEST.test(file))]
}

/**
 * Runs tests; a run that ends before its tally is written has failed as a whole.
 *
 * @param files what mocha is to run, and how
 * @param measuring how their coverage is measured; null when it is not
 */
async function suite(files, measuring = null) {
  const folder = mkdtempSync(join(tmpdir(), 'portico-test-'))
  const file = join(folder, 'tally.json')
  const mocha = [...files, '--reporter', 'scripts/tally-reporter.cjs', '--reporter-option', `tally=${file}`]
  const measured = (options) => run('c8', [...options, process.execPath, pathOf('mocha'), ...mocha])
  const succeeded = await (measuring === null ? run('mocha', mocha) : measured(measuring))
  try {
    const { passed, failed } = JSON.parse(readFileSync(file, 'utf8'))
    return sum([{ passed, failed }, succeeded || failed > 0 ? NOTHING : FAILED])
  } catch {
    return FAILED
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Shows which files of the domain are not covered whole, and holds the domain to its bound. */
async function coverage() {
  const what = ['--include', 'dist/src/domain/**', '--reporter', 'text', '--skip-full']
  const bound = ['--check-coverage', '--branches', String(DOMAIN_BRANCHES), '--lines', '0']
  return (await run('c8', ['report', ...what, ...bound])) ? PASSED : FAILED
}

function sum(tallies) {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }))
}
