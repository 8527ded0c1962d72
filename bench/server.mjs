import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MAIN } from '../scripts/serve.mjs'
import { spawnPinned } from './pinned.mjs'
import { probe } from './probe.mjs'

const ROOT = join(import.meta.dirname, '..')
const COLLECT = join(import.meta.dirname, 'servers', 'collect-on-signal.mjs')
const START_MS = 10_000
const POLL_MS = 20
const ADDRESS = /https?:\/\/[\w.:[\]]+:\d+/

/**
 * Makes a startable of Portico that keeps the connections of the load open for as long as node:http does.
 *
 * @param settings `KEY=VALUE`, as for `--set`
 */
export function porticoWith({ name, placement, settings, flags }) {
  const kept = ['maxKeepAliveRequests=0', 'keepAliveTimeoutMs=600000']
  const given = [...kept, ...settings].flatMap((it) => ['--set', it])
  const args = [MAIN, '--port', '0', '--log-format', 'json', ...given, ...flags]
  return nodeProgram({ name, placement, args, env: {} })
}

/** Makes a startable of a Node program that prints its address to stderr. */
export function nodeProgram({ name, placement, args, env }) {
  return {
    name,
    placement,
    program: process.execPath,
    args: ['--import', COLLECT, ...args],
    env,
    url: null,
    collects: true,
  }
}

/** A server process that listens, pinned to its core. Its stdout goes to a file; its stderr is read. */
export class Server {
  constructor(startable, child, url) {
    this.startable = startable
    this.name = startable.name
    this.placement = startable.placement
    this.child = child
    this.pid = child.pid
    this.url = url
  }

  /** @param logTo the file for stdout, such as `/dev/null` */
  static async start(startable, logTo) {
    const { name, placement, program, args, env, url } = startable
    const log = openSync(logTo, 'a')
    const child = spawnPinned(placement.server, program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, 'pipe'],
    })
    closeSync(log)
    return new Server(startable, child, await addressOf(name, child, url))
  }

  /** Collects the garbage of a Node program; does nothing for other servers. */
  collectGarbage() {
    if (this.startable.collects) this.child.kill('SIGUSR2')
  }

  async stop() {
    if (this.child.exitCode !== null) return
    const exited = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await exited
  }
}

/** Starts a server, probes it and stops it. @returns a promise of the response, as `probe` returns it */
export async function replyOf(startable, logTo) {
  const server = await Server.start(startable, logTo)
  try {
    return await probe(server.url)
  } finally {
    await server.stop()
  }
}

/** Waits until a server accepts connections. Keeps reading stderr after that, so that the server never blocks on it. */
async function addressOf(name, child, url) {
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text))
  const endMs = performance.now() + START_MS
  while (child.exitCode === null && performance.now() < endMs) {
    const address = url ?? ADDRESS.exec(output)?.[0]
    if (address !== undefined && (await accepts(address))) return address
    await delay(POLL_MS)
  }
  const found = child.exitCode === null ? 'no address' : `exit code ${child.exitCode}`
  child.kill('SIGKILL')
  throw new Error(`Cannot start ${name}: found ${found}, wanted a server that listens\n${output}`)
}

function accepts(address) {
  const { hostname, port } = new URL(address)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
