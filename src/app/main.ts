#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { isatty } from 'node:tty'
import { commandLine } from './cli/command-line.js'
import {
  beginLoad,
  configurationSources,
  endProcess,
  listRoutes,
  makeCertificate,
  openReport,
  startServer,
  wireService,
  writeNew,
} from './container.js'
import { run } from './run.js'
import { StandardOutput } from './standard-output.js'
import { logStrayErrors } from './stray-errors.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

// Nobody need listen on the other end: a diagnostic that cannot be told is no reason to end.
process.stderr.on('error', () => undefined)
const err = (text: string): void => void process.stderr.write(text)
const output = new StandardOutput(process.stdout)

/** At a terminal a hang-up says that the terminal is gone; elsewhere it is how an administrator asks for new settings. */
const AT_TERMINAL = isatty(0)
const STOP = AT_TERMINAL ? ['SIGTERM', 'SIGINT', 'SIGHUP'] : ['SIGTERM', 'SIGINT']
const RELOAD = AT_TERMINAL ? [] : ['SIGHUP']

const onSignals =
  (signals: readonly string[]) =>
  (told: () => void): void =>
    signals.forEach((signal) => process.on(signal, told))

const portico = commandLine({
  ...configurationSources(),
  serve: async (configuration, load) => {
    const { service, log, closeLogs } = wireService(configuration, load)
    logStrayErrors(log)
    const code = await run(service, { err, onStop: onSignals(STOP), onReload: onSignals(RELOAD) })
    await closeLogs()
    return code
  },
  routes: listRoutes,
  makeCertificate,
  writeNew,
  beginLoad,
  startServer,
  openReport,
  onInterrupt: onSignals(['SIGINT', 'SIGTERM', 'SIGHUP']),
  out: (text) => output.write(text),
  err,
  errIsTerminal: isatty(2),
  version,
  machine: `Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'some processor'}`,
})

const code = await portico(process.argv.slice(2), process.env)
await endProcess(await output.end(code, err))
