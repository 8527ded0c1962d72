import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { APART, spawnPinned } from './pinned.mjs'

const ROOT = join(import.meta.dirname, '..')
const COLLECT = join(import.meta.dirname, 'servers', 'collect-on-signal.mjs')
const START_MS = 10_000

/** The names of servers in the raw rounds and the report. */
export const NODE_HTTP = 'node:http'
export const LOG_OFF = 'portico, access log off'
export const LOG_ON = 'portico, access log on'

export function portico({ accessLog, flags }) {
  return porticoWith({
    name: accessLog ? LOG_ON : LOG_OFF,
    placement: APART,
    settings: [`log.access=${accessLog}`],
    flags,
  })
}

/**
 * Portico, with the connections of the load kept for as long as those of node:http.
 *
 * @param settings as `--set` takes them
 */
export function porticoWith({ name, placement, settings, flags }) {
  const kept = ['maxKeepAliveRequests=0', 'keepAliveTimeoutMs=600000']
  const given = [...kept, ...settings].flatMap((it) => ['--set', it])
  const args = ['dist/src/app/main.js', '--port', '0', '--log-format', 'json', ...given, ...flags]
  return { name, placement, args, env: {} }
}

/** @param reply what it answers, as `probe` gives it */
export function nodeHttp(reply) {
  return {
    name: NODE_HTTP,
    placement: APART,
    args: ['bench/servers/node-http.mjs'],
    env: { REPLY: JSON.stringify(reply) },
  }
}

/** A server process in its place, listening. Its stdout goes to a file, its stderr is read for the address. */
export class Server {
  constructor({ name, placement }, child, url) {
    this.name = name
    this.placement = placement
    this.child = child
    this.pid = child.pid
    this.url = url
  }

  /** @param logTo the file that gets stdout, such as `/dev/null` */
  static async start(startable, logTo) {
    const { name, placement, args, env } = startable
    const log = openSync(logTo, 'a')
    const child = spawnPinned(placement.server, process.execPath, ['--import', COLLECT, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, 'pipe'],
    })
    closeSync(log)
    return new Server(startable, child, await addressOf(name, child))
  }

  collectGarbage() {
    this.child.kill('SIGUSR2')
  }

  async stop() {
    if (this.child.exitCode !== null) return
    const exited = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await exited
  }
}

/** Reads stderr up to the banner, and on, so that the server never waits for us. */
function addressOf(name, child) {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = (why) => reject(new Error(`Cannot start ${name}: ${why}, wanted an address on stderr\n${said}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail('found silence')
    }, START_MS)
    child.once('exit', (code) => fail(`found exit code ${code}`))
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
      const address = /http:\/\/[\w.:[\]]+:\d+/.exec(said)
      if (address === null) return
      clearTimeout(timer)
      resolve(address[0])
    })
  })
}
