#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { commandLine } from './cli/command-line.js'
import { settingsSource, wire } from './container.js'
import { run } from './run.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

// Nobody need listen on the other end: a diagnostic that cannot be told is no reason to end.
process.stderr.on('error', () => undefined)
const err = (text: string): void => void process.stderr.write(text)

const portico = commandLine({
  settings: settingsSource(),
  serve: async (settings) => {
    const { server, log, closeLogs } = wire(settings)
    // A plugin's timer or forgotten promise fails outside of any request: it must not end everyone else's.
    process.on('uncaughtException', (error) => log.error('uncaught exception', { error }))
    process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }))
    const code = await run(server, {
      err,
      onStop: (told) => {
        process.on('SIGTERM', told)
        process.on('SIGINT', told)
        process.on('SIGHUP', told)
      },
    })
    await closeLogs()
    return code
  },
  routes: (settings) => wire({ ...settings, log: { ...settings.log, level: 'silent', access: false } }).server.routes(),
  out: (text) => process.stdout.write(text),
  err,
  version,
})

const code = await portico(process.argv.slice(2), process.env)
process.exit(code)
