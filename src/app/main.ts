#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { commandLine } from './cli/command-line.js'
import { settingsSource, wire } from './container.js'
import { run } from './run.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }

const portico = commandLine({
  settings: settingsSource(),
  serve: async (settings) => {
    const { server, closeLogs } = wire(settings)
    const code = await run(server, {
      err: (text) => process.stderr.write(text),
      onStop: (told) => {
        process.on('SIGTERM', told)
        process.on('SIGINT', told)
      },
    })
    await closeLogs()
    return code
  },
  routes: (settings) => wire({ ...settings, log: { ...settings.log, level: 'silent', access: false } }).server.routes(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  version,
})

const code = await portico(process.argv.slice(2), process.env)
process.exit(code)
