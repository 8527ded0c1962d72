/**
 * Runs the server as if it had been started itself: same standard streams, same exit code.
 *
 * Ctrl-C at a terminal reaches every process of the group, and npm passes on what it got as well, so the server would
 * see two signals where a person pressed once, and a second one forces the drain. The server therefore runs in a group
 * of its own, and hears of each signal once, from here. (The `exec` in package.json takes away the shell that npm puts
 * in between, which would die of the signal without passing it on.)
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './set-up.mjs'

export const MAIN = join(ROOT, 'dist', 'src', 'app', 'main.js')

/** Two signals closer than this are one: no finger is as fast. */
const ONE_PRESS_MS = 150

/** What the server is told when we are told. The end of a terminal is no wish for new settings, but to end. */
const PASSED_ON = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: process.stdin.isTTY ? 'SIGTERM' : 'SIGHUP' }

/** @param flags what the server is to be given on its command line */
export function serve(flags) {
  const server = spawn(process.execPath, [MAIN, ...flags], {
    stdio: 'inherit',
    detached: process.platform !== 'win32',
  })
  passOnSignals(server)
  server.on('exit', (code, signal) => endLike(code, signal))
}

function passOnSignals(server) {
  let lastMs = -Infinity
  for (const [heard, told] of Object.entries(PASSED_ON)) {
    process.on(heard, () => {
      const now = performance.now()
      if (now - lastMs > ONE_PRESS_MS) server.kill(told)
      lastMs = now
    })
  }
}

function endLike(code, signal) {
  if (signal === null) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
