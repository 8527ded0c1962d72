/**
 * `npm test`: sets up what is missing, lints, runs every test with its coverage measured, and ends with the line
 * `N passed, N failed`, in which each test, each linter and the coverage bound counts as one.
 *
 * `--suite`: the tests alone, for another version of Node.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { lint } from './lint.mjs'
import { pathOf, run } from './program.mjs'
import { setUp } from './set-up.mjs'

/** Tests without sockets, files and processes. The coverage of the domain is measured in these. */
const UNIT = /^dist.test.(?:domain|wire)\b/
/** Tests that measure the effect of a fault on other requests. They must not share the processor with other tests. */
const ALONE = /\.alone\.test\.js$/
/** The files that take longest start first, so that the last job does not run long after the others have ended. */
const LONGEST =
  /end-to-end.(?:workers-\w+|tls-\w+|drain|deadlines|load|command-line|dashboard|admin|pool|pool-bounds|what-it-shows|static)\.test\.js$/

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
  const files = testFiles()
  const unit = files.filter((file) => UNIT.test(file))
  const alone = files.filter((file) => ALONE.test(file))
  const together = files.filter((file) => !UNIT.test(file) && !ALONE.test(file))
  // The linters take one core for the most part, and no unit test minds what else goes on.
  const begun = suiteOnly ? [await suite(unit)] : await Promise.all([lint(), unitWithCoverage(unit)])
  const sideBySide = ['--parallel', '--jobs', String(availableParallelism())]
  return sum([...begun, await suite([...longestFirst(together), ...sideBySide]), await suite(alone)])
}

function testFiles() {
  const all = readdirSync('dist/test', { recursive: true }).map((file) => join('dist/test', file))
  return all.filter((file) => file.endsWith('.test.js')).sort()
}

function longestFirst(files) {
  return [...files.filter((file) => LONGEST.test(file)), ...files.filter((file) => !LONGEST.test(file))]
}

/**
 * Runs tests; a run that ends before its tally is written has failed as a whole.
 *
 * @param files what mocha is to run, and how
 * @param measuring options of c8, when their coverage is measured
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
async function unitWithCoverage(files) {
  const tested = await suite(files, ['--reporter', 'none'])
  const what = ['--include', 'dist/src/domain/**', '--reporter', 'text', '--skip-full']
  const bound = ['--check-coverage', '--branches', String(DOMAIN_BRANCHES), '--lines', '0']
  return sum([tested, (await run('c8', ['report', ...what, ...bound])) ? PASSED : FAILED])
}

function sum(tallies) {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }))
}
