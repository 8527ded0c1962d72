import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MeasuredServer, StartMeasuredServer } from '../../../ports/tools/measured-server.js'
import { usageOfTree } from './process-tree.js'

/** The last line of what a server says when it has begun to listen. */
const READY = /^portico serving /m
const ORIGIN = /^portico listening on (\S+)$/gm

/** Longer than a drain takes in which nothing is waited for. */
const PATIENCE_MS = 5000

/** @param program the module that the process runs */
/** @param program the module that a process runs; the channel to it closes when this process is gone */
export function serverProcesses(program: URL): StartMeasuredServer {
  return async (words) => {
    // What it logs is written, as it would be elsewhere, and goes nowhere.
    const child = spawn(process.execPath, [fileURLToPath(program), ...words], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    return serverOf(child, await banner(child))
  }
}

/** All that it says until it is ready. */
function banner(child: ChildProcess): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (READY.test(said)) resolve(said)
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`Cannot start the server: ${said.replace(/^portico: /gm, '').trim()}`)))
  })
}

function serverOf(child: ChildProcess, said: string): MeasuredServer {
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    origins: [...said.matchAll(ORIGIN)].map(([, origin]) => origin!),
    usage: () => (isGone() ? null : usageOfTree(child.pid!)),
    stop: async () => {
      if (isGone()) return
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      await ended
      clearTimeout(timer)
    },
  }
}
