/** The common parts of all benchmarks: options, conditions, and the file that keeps every round. */
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { autocannon } from './load/autocannon.mjs'
import { wrk } from './load/wrk.mjs'
import { CAN_PIN } from './pinned.mjs'

/**
 * Reads the command line.
 *
 * @param program `peers`, `engines`, `tls`, `domain`
 * @param options further options, in the form of `parseArgs`
 * @returns the options; `flags` are the flags for Portico
 */
export function asked(program, options) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      load: { type: 'string', default: wrk.isAvailable() ? 'wrk' : 'autocannon' },
      'log-to': { type: 'string', default: '/dev/null' },
      'save-as': { type: 'string', default: timestamp() },
      ...options,
    },
  })
  return {
    ...values,
    program,
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    load: values.load === 'wrk' ? wrk : autocannon,
    logTo: values['log-to'],
    flags: positionals,
  }
}

/** Lists the conditions of a run. */
export function conditionsOf({ load, logTo, rounds, seconds, flags }) {
  return {
    load: load.name,
    rounds,
    seconds,
    accessLogTo: logTo,
    node: process.version,
    linux: release().split('-')[0],
    processor: cpus()[0].model,
    cores: cpus().length,
    pinned: CAN_PIN,
    porticoFlags: flags,
  }
}

/** Formats the current time for use in file names. */
export function timestamp() {
  return new Date().toISOString().replaceAll(':', '-')
}

/** Writes results. @returns the path of the file */
export function keep({ program, 'save-as': name }, content) {
  const file = join(import.meta.dirname, 'results', `${program}-${name}.json`)
  writeFileSync(file, JSON.stringify(content, null, 1) + '\n')
  return file
}

/** Reports progress on stderr, because stdout is for the figures. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Sets the exit code to 1 when there were errors under load, which invalidate the figures. */
export function refuseErrors(errors) {
  if (errors === 0) return
  say(`The figures are not valid: found ${errors} errors under load, wanted none`)
  process.exitCode = 1
}
