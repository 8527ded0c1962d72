import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnPinned } from './pinned.mjs'
import { probe } from './probe.mjs'

const ROOT = join(import.meta.dirname, '..')
const COLLECT = join(import.meta.dirname, 'servers', 'collect-on-signal.mjs')
const START_MS = 10_000
const LOOK_MS = 20
const ADDRESS = /https?:\/\/[\w.:[\]]+:\d+/

/**
 * Portico, with the connections of the load kept for as long as those of node:http.
 *
 * @param settings as `--set` takes them
 */
export function porticoWith({ name, placement, settings, flags }) {
  const kept = ['maxKeepAliveRequests=0', 'keepAliveTimeoutMs=600000']
  const given = [...kept, ...settings].flatMap((it) => ['--set', it])
  const args = ['dist/src/app/main.js', '--port', '0', '--log-format', 'json', ...given, ...flags]
  return nodeProgram({ name, placement, args, env: {} })
}

/** A program of Node's, which says on stderr where it listens. */
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

/** A server process in its place, listening. Its stdout goes to a file, its stderr is read. */
export class Server {
  constructor(startable, child, url) {
    this.startable = startable
    this.name = startable.name
    this.placement = startable.placement
    this.child = child
    this.pid = child.pid
    this.url = url
  }

  /** @param logTo the file that gets stdout, such as `/dev/null` */
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

  /** Where it has some, and we can have it do so. */
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

/** @returns a promise of the response that a server gives, as `probe` has it; it is started for that, and stopped again */
export async function replyOf(startable, logTo) {
  const server = await Server.start(startable, logTo)
  try {
    return await probe(server.url)
  } finally {
    await server.stop()
  }
}

/** Reads stderr to its end in any case, so that the server never waits for us. */
async function addressOf(name, child, url) {
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  const endMs = performance.now() + START_MS
  while (child.exitCode === null && performance.now() < endMs) {
    const address = url ?? ADDRESS.exec(said)?.[0]
    if (address !== undefined && (await accepts(address))) return address
    await delay(LOOK_MS)
  }
  const found = child.exitCode === null ? 'silence' : `exit code ${child.exitCode}`
  child.kill('SIGKILL')
  throw new Error(`Cannot start ${name}: found ${found}, wanted a server that listens\n${said}`)
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
