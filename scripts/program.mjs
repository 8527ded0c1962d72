import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './set-up.mjs'

/** The programs of the development packages. They run with the same Node as this script, and without npx. */
const PROGRAMS = {
  c8: 'c8/bin/c8.js',
  depcruise: 'dependency-cruiser/bin/dependency-cruise.mjs',
  eslint: 'eslint/bin/eslint.js',
  knip: 'knip/bin/knip.js',
  mocha: 'mocha/bin/mocha.js',
  prettier: 'prettier/bin/prettier.cjs',
}

/** The path of a program. */
export function pathOf(program) {
  return join(ROOT, 'node_modules', PROGRAMS[program])
}

/**
 * Runs a program, which prints to the output streams of this process.
 *
 * @returns a promise of whether it succeeded
 */
export function run(program, args) {
  return ended(
    spawn(process.execPath, [pathOf(program), ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }),
  )
}

/**
 * Runs a program and captures its output.
 *
 * @returns a promise of whether it succeeded, and of its output
 */
export async function runQuietly(program, args) {
  const child = spawn(process.execPath, [pathOf(program), ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  return { succeeded: await ended(child), output }
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0))
  })
}
