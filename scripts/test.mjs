/**
 * `npm test`: installs and builds if necessary, lints, runs all tests, and checks the coverage of the domain. The last line is
 * `N passed, N failed`, where each test, each linter and the coverage bound counts as one.
 *
 * `--suite`: runs only the tests, for another version of Node.
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
  /end-to-end.(?:drain|workers-\w+|tls-\w+|compare|load|pool(?:-\w+)?|command-line|admin|dashboard|deadlines|static|what-it-shows)\.test\.js$/

/** The lowest branch coverage of src/domain, in percent. */
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
  // The linters mostly use one core, and unit tests do not depend on timing.
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
 * Runs tests with mocha. A run that ends without a tally counts as one failure.
 *
 * @param args the files and options for mocha
 * @param coverage the options for c8; `null` to measure no coverage
 */
async function suite(args, coverage = null) {
  const folder = mkdtempSync(join(tmpdir(), 'portico-test-'))
  const file = join(folder, 'tally.json')
  const mocha = [...args, '--reporter', 'scripts/tally-reporter.cjs', '--reporter-option', `tally=${file}`]
  const succeeded =
    coverage === null
      ? await run('mocha', mocha)
      : await run('c8', [...coverage, process.execPath, pathOf('mocha'), ...mocha])
  try {
    const { passed, failed } = JSON.parse(readFileSync(file, 'utf8'))
    return sum([{ passed, failed }, succeeded || failed > 0 ? NOTHING : FAILED])
  } catch {
    return FAILED
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs the unit tests, lists the files of the domain that are not fully covered, and checks the coverage bound. */
async function unitWithCoverage(files) {
  const tested = await suite(files, ['--reporter', 'none'])
  const what = ['--include', 'dist/src/domain/**', '--reporter', 'text', '--skip-full']
  const bound = ['--check-coverage', '--branches', String(DOMAIN_BRANCHES), '--lines', '0']
  return sum([tested, (await run('c8', ['report', ...what, ...bound])) ? PASSED : FAILED])
}

function sum(tallies) {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }))
}
