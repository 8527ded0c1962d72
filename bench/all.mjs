/**
 * `npm run bench -- [--rounds N] [--seconds N] [--load wrk|autocannon] [--log-to FILE] [--save-as NAME]
 * [-- PORTICO FLAGS]`:
 *
 * Runs all benchmarks and makes a report: Portico against other servers, its engines against each other, its HTTPS
 * against other servers, and its domain without sockets. A benchmark fails when errors under load invalidate its
 * figures.
 *
 * `--save-as reference` replaces the figures in the repository, and their report docs/bench/index.html. Any other
 * report is written beside its figures in bench/results/.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { timestamp } from './session.mjs'

const PROGRAMS = ['peers.mjs', 'engines.mjs', 'tls.mjs', 'domain.mjs']

const given = process.argv.slice(2)
const at = given.indexOf('--save-as')
const name = at < 0 ? timestamp() : given[at + 1]
const args = at < 0 ? ['--save-as', name, ...given] : given
const report =
  name === 'reference'
    ? join(import.meta.dirname, '..', 'docs', 'bench', 'index.html')
    : join(import.meta.dirname, 'results', `${name}.html`)

const statuses = [...PROGRAMS.map((program) => run(program, args)), run('html-report.mjs', [name, report])]
process.stderr.write(`Report: ${report}\n`)
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1

function run(program, parameters) {
  return spawnSync(process.execPath, [join(import.meta.dirname, program), ...parameters], { stdio: 'inherit' }).status
}
