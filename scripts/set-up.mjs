/**
 * Brings the working copy up to date, if necessary: installs the packages of the lock file, bundles the program, compiles the
 * sources one by one, which checks their types, and removes the output of deleted sources. Uses only Node, because a fresh
 * clone has no packages. Prints to standard error only, because standard output belongs to the program that runs next.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

const COMPILED = join(ROOT, 'dist')
const BUNDLED = join(ROOT, 'bundle')

/**
 * Installs and bundles the program if necessary. That is all that running the program needs.
 *
 * @returns whether the program is up to date
 */
export function setUpProgram() {
  return (isInstalled() || install()) && (isBuilt(BUNDLED, ['scripts/bundle.mjs', 'src', 'plugins']) || bundle())
}

/**
 * Installs, bundles the program and compiles if necessary.
 *
 * @returns whether the working copy is up to date
 */
export function setUp() {
  return setUpProgram() && (isBuilt(COMPILED, ['tsconfig.json', 'src', 'plugins', 'test']) || compile())
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

function bundle() {
  return build(BUNDLED, 'Bundling', [join(ROOT, 'scripts', 'bundle.mjs')])
}

function compile() {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  return build(COMPILED, 'Compiling', [compiler, '--project', 'tsconfig.json']) && removeStale()
}

/** Runs a build, and notes in its output folder when it began: a source that is saved during the build is newer. */
function build(folder, what, args) {
  const begun = new Date()
  if (!run(what, process.execPath, args)) return false
  writeFileSync(noteOf(folder), begun.toISOString())
  return true
}

/** Tells whether an output folder is complete and newer than its inputs. */
function isBuilt(folder, inputs) {
  if (!existsSync(noteOf(folder))) return false
  const built = Date.parse(readFileSync(noteOf(folder), 'utf8'))
  return ['package-lock.json', ...inputs.flatMap(withContents)].every(
    (path) => statSync(join(ROOT, path)).mtimeMs < built,
  )
}

/** The file that holds the time of the last complete build. */
const noteOf = (folder) => join(folder, '.built')

/** A file, or a folder and all folders and files in it. The time of a folder changes when a file is deleted. */
function withContents(path) {
  if (statSync(join(ROOT, path)).isFile()) return [path]
  return [path, ...readdirSync(join(ROOT, path), { recursive: true }).map((name) => join(path, name))]
}

function removeStale() {
  for (const path of readdirSync(COMPILED, { recursive: true })) {
    const source = path.replace(/(\.d\.ts|\.js\.map|\.js)$/, '.ts')
    if (source !== path && !existsSync(join(ROOT, source))) rmSync(join(COMPILED, path))
  }
  return true
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
