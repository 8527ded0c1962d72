/**
 * Runs the server as if it had been started directly: with the same standard streams and the same exit code.
 *
 * A Ctrl-C at a terminal reaches every process of the group, and npm forwards its signals, too. The server would receive two
 * signals for one key press, and a second signal forces the end of the drain. Therefore the server runs in its own process
 * group, and this process forwards each signal once. (`exec` in package.json replaces the shell of npm, which would die
 * of the signal without forwarding it.)
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './set-up.mjs'

/** The program of the server. */
export const MAIN = join(ROOT, 'bundle', 'src', 'app', 'main.js')

/** Two signals within this time are one key press: nobody can press twice so quickly. */
const ONE_PRESS_MS = 150

/** The signal to send to the server for each signal received. A SIGHUP from a closed terminal must end the server, not reload it. */
const FORWARDED = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: process.stdin.isTTY ? 'SIGTERM' : 'SIGHUP' }

/**
 * Starts the server, and ends this process as the server ends.
 *
 * @param flags the arguments of the server
 */
export function serve(flags) {
  const server = spawn(process.execPath, [MAIN, ...flags], {
    stdio: 'inherit',
    detached: process.platform !== 'win32',
  })
  forwardSignals(server)
  server.on('exit', (code, signal) => endLike(code, signal))
}

function forwardSignals(server) {
  let lastMs = -Infinity
  for (const [received, forwarded] of Object.entries(FORWARDED)) {
    process.on(received, () => {
      const now = performance.now()
      if (now - lastMs > ONE_PRESS_MS) server.kill(forwarded)
      lastMs = now
    })
  }
}

function endLike(code, signal) {
  if (signal === null) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
