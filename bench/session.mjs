/** What every measuring program has: options, the conditions it ran under, and a file that keeps every round. */
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
 * @param options beside those that every program has, as `parseArgs` takes them
 * @returns what was asked for; `flags` are for Portico
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

/** Of now, as a name of files. */
export function timestamp() {
  return new Date().toISOString().replaceAll(':', '-')
}

/** @returns the file that has it now */
export function keep({ program, 'save-as': name }, content) {
  const file = join(import.meta.dirname, 'results', `${program}-${name}.json`)
  writeFileSync(file, JSON.stringify(content, null, 1) + '\n')
  return file
}

/** Tells who waits how far it is; stdout is for the figures. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Errors under load spoil the figures: the program ends badly then. */
export function vouch(errors) {
  if (errors === 0) return
  say(`Cannot vouch for these figures: found ${errors} errors under load, wanted none`)
  process.exitCode = 1
}
