/**
 * Brings the working copy up to date, and does nothing where it is: installs the packages of the lock file, compiles
 * the sources, removes what was compiled from sources that are gone. Uses Node alone, since a fresh clone has no more.
 * What it does and why goes to stderr; stdout belongs to whoever runs next.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

const SOURCES = ['src', 'plugins', 'test']
const OUTPUT = join(ROOT, 'dist')
/** Written when a build is complete; what is newer than this has not been compiled. */
const BUILT = join(OUTPUT, '.built')

/** @returns whether everything is in place */
export function setUp() {
  return (isInstalled() || install()) && (isBuilt() || build())
}

function install() {
  // Building needs the development packages, whatever NODE_ENV says.
  return run('Installing packages', 'npm', ['ci', '--include=dev', '--no-fund', '--no-audit'])
}

/** Whether node_modules has every package of the lock file; those for other platforms may be missing. */
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
  // Before the compiler reads: a source saved meanwhile is newer than this.
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

/** A folder, its folders and files. Folders count as inputs because their time tells of files removed. */
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
  process.stderr.write(`Cannot go on: ${program} ${error === undefined ? `ended with ${status}` : error.message}\n`)
  return false
}

if (process.argv[1] === import.meta.filename) process.exitCode = setUp() ? 0 : 1
