/**
 * Brings the working copy up to date, if necessary: installs the packages of the lock file, compiles the sources, and removes
 * the output of deleted sources. Uses only Node, because a fresh clone has no packages. Prints to standard error only,
 * because standard output belongs to the program that runs next.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

const SOURCES = ['src', 'plugins', 'test']
const OUTPUT = join(ROOT, 'dist')
/** Holds the time of the last complete build; newer sources have not been compiled. */
const BUILT = join(OUTPUT, '.built')

/**
 * Installs and builds if necessary.
 *
 * @returns whether the working copy is up to date
 */
export function setUp() {
  return (isInstalled() || install()) && (isBuilt() || build())
}

function install() {
  // The build needs the development packages, even if NODE_ENV is production.
  return run('Installing packages', 'npm', ['ci', '--include=dev', '--no-fund', '--no-audit'])
}

/** Whether node_modules has every package of the lock file. Optional packages may be missing: some are for other platforms. */
function isInstalled() {
  const wanted = packagesOf(join(ROOT, 'package-lock.json'))
  const found = packagesOf(join(ROOT, 'node_modules', '.package-lock.json'))
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional === true || found[path]?.version === version,
  )
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : {}
}

function build() {
  // The time before the compiler reads: a source that is saved during the build is newer.
  const begun = new Date()
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!run('Building', process.execPath, [compiler, '--project', 'tsconfig.json'])) return false
  removeStale()
  writeFileSync(BUILT, begun.toISOString())
  return true
}

function isBuilt() {
  if (!existsSync(BUILT)) return false
  const built = Date.parse(readFileSync(BUILT, 'utf8'))
  const inputs = ['tsconfig.json', 'package-lock.json', ...SOURCES.flatMap(withContents)]
  return inputs.every((path) => statSync(join(ROOT, path)).mtimeMs < built)
}

/** A folder and all folders and files in it. The time of a folder changes when a file is deleted. */
function withContents(folder) {
  return [folder, ...readdirSync(join(ROOT, folder), { recursive: true }).map((path) => join(folder, path))]
}

function removeStale() {
  for (const path of readdirSync(OUTPUT, { recursive: true })) {
    const source = path.replace(/(\.d\.ts|\.js\.map|\.js)$/, '.ts')
    if (source !== path && !existsSync(join(ROOT, source))) rmSync(join(OUTPUT, path))
  }
}

function run(what, program, args) {
  process.stderr.write(`${what} ...\n`)
  const started = performance.now()
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] })
  if (status === 0) {
    process.stderr.write(`${what} took ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
    return true
  }
  process.stderr.write(
    `Cannot continue: ${what.toLowerCase()} failed: ${program} ${error === undefined ? `ended with code ${status}` : `did not start: ${error.message}`}\n`,
  )
  return false
}

if (process.argv[1] === import.meta.filename) process.exitCode = setUp() ? 0 : 1
