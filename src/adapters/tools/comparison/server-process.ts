import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MeasuredServer, StartMeasuredServer } from '../../../ports/tools/measured-server.js'
import { usageOfTree } from './process-tree.js'

/** The last line of the banner: the server listens. */
const READY = /^portico serving /m
const ORIGIN = /^portico listening on (\S+)$/gm

/** The time before a server that does not end is killed. A drain without requests in flight is shorter. */
const KILL_AFTER_MS = 5000

/**
 * Makes a function that starts servers in child processes.
 *
 * @param program the module that a child runs; its channel closes when this process ends
 */
export function serverProcesses(program: URL): StartMeasuredServer {
  return async (words) => {
    // Standard output is discarded, but not disabled: the server writes its logs as it would elsewhere.
    const child = spawn(process.execPath, [fileURLToPath(program), ...words], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    return serverOf(child, await banner(child))
  }
}

/** Collects the output of a server until it listens. */
function banner(child: ChildProcess): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (READY.test(output)) resolve(output)
    })
    child.once('error', reject)
    child.once('close', () =>
      reject(new Error(`Cannot start the server: ${output.replace(/^portico: /gm, '').trim()}`)),
    )
  })
}

function serverOf(child: ChildProcess, output: string): MeasuredServer {
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    origins: [...output.matchAll(ORIGIN)].map(([, origin]) => origin!),
    usage: () => (isGone() ? null : usageOfTree(child.pid!)),
    stop: async () => {
      if (isGone()) return
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      await ended
      clearTimeout(timer)
    },
  }
}
