#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { isatty } from 'node:tty'
import { workerCount } from '../domain/workers/supervision.js'
import type { Settings } from '../ports/operations/settings.js'
import { commandLine } from './cli/command-line.js'
import { epollProblem, type Configuration, type LoadedConfiguration } from './configuration.js'
import { run, type WiredService } from './run.js'
import { StandardOutput } from './standard-output.js'
import { logStrayErrors } from './stray-errors.js'
import { configurationSources } from './wiring/configuration.js'
import { endProcess } from './wiring/process-end.js'
import { beginLoad, makeCertificate, openReport, startServer, writeNew } from './wiring/tools.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

// The reader of standard error may be gone: that must not end the server.
process.stderr.on('error', () => undefined)
const err = (text: string): void => void process.stderr.write(text)
const output = new StandardOutput(process.stdout)

/** At a terminal a hang-up means that the terminal is gone; elsewhere an administrator sends it to reload the settings. */
const AT_TERMINAL = isatty(0)
const STOP = AT_TERMINAL ? ['SIGTERM', 'SIGINT', 'SIGHUP'] : ['SIGTERM', 'SIGINT']
const RELOAD = AT_TERMINAL ? [] : ['SIGHUP']

const onSignals =
  (signals: readonly string[]) =>
  (received: () => void): void =>
    signals.forEach((signal) => process.on(signal, received))

/** Loads only the wiring that the settings ask for: a supervisor needs no server, nor a server a supervisor. */
async function wireService(
  configuration: Configuration,
  load: () => Promise<LoadedConfiguration>,
): Promise<WiredService> {
  const workers = workerCount(configuration.settings.workers, availableParallelism())
  if (workers > 1) return (await import('./wiring/supervisor.js')).wireSupervisor(configuration, load)
  return (await import('./wiring/server.js')).wireService(configuration)
}

const portico = commandLine({
  ...configurationSources(),
  serve: async (configuration, load) => {
    const problem = epollProblem(configuration)
    if (problem !== null) err(`portico using net sockets: epoll is not available (${problem})\n`)
    const { service, log, closeLogs } = await wireService(configuration, load)
    logStrayErrors(log)
    const code = await run(service, { err, onStop: onSignals(STOP), onReload: onSignals(RELOAD) })
    await closeLogs()
    return code
  },
  routes: async (settings: Settings) => (await import('./wiring/server.js')).listRoutes(settings),
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
  machine: `Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'}`,
})

const code = await portico(process.argv.slice(2), process.env)
await endProcess(await output.end(code, err))
