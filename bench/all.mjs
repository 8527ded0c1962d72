/**
 * `npm run bench -- [--rounds N] [--seconds N] [--load wrk|autocannon] [--log-to FILE] [-- PORTICO FLAGS]`: Portico against
 * its peers, its engines against each other, then its HTTPS against its peers. Each fails when errors under load spoiled its figures.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const PROGRAMS = ['peers.mjs', 'engines.mjs', 'tls.mjs']

const statuses = PROGRAMS.map((program) => {
  const args = [join(import.meta.dirname, program), ...process.argv.slice(2)]
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status
})
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1
