/** The compared servers: variants of Portico, frameworks and runtimes from npm, and servers written in C. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { APART } from '../pinned.mjs'
import { nodeProgram, porticoWith, replyOf } from '../server.mjs'
import { h2o, isAvailable as hasH2o } from '../servers/h2o.mjs'
import { isAvailable as hasNginx, nginx, NGINX } from '../servers/nginx.mjs'
import { say } from '../session.mjs'

export { NGINX }
export const EPOLL = 'portico'
export const NET = 'portico, net sockets'
export const THREADS = 'portico, threadpool'
export const LOGGING = 'portico, access log on'
export const NODE_HTTP = 'node:http'

const BENCH = join(import.meta.dirname, '..')
const PACKAGES = join(BENCH, 'node_modules')
const BUN = join(PACKAGES, '.bin', 'bun')

/** The names of frameworks in the figures, by npm package. */
const FRAMEWORKS = { fastify: 'Fastify', hono: 'Hono', express: 'Express' }

export const SMALL_FILE = '/files/4k'
export const LARGE_FILE = '/files/1m'

/** A temporary folder with the files that all servers serve. */
export class Site {
  constructor() {
    this.work = mkdtempSync(join(tmpdir(), 'portico-bench-'))
    this.folder = this.work
    // h2o reads files as the user nobody.
    chmodSync(this.work, 0o755)
    writeFileSync(join(this.work, '4k'), randomBytes(4096))
    writeFileSync(join(this.work, '1m'), randomBytes(1024 * 1024))
  }

  remove() {
    rmSync(this.work, { recursive: true })
  }
}

/**
 * Finds the installed servers and checks the response of each. Prints how to install the missing ones.
 *
 * @returns a promise of `{ own, peers, reply }`: startables of Portico by name, startables of other servers, and the
 *   response that all of them send
 */
export async function comparable(site, { logTo, flags }) {
  const own = porticoKinds(site, flags)
  const reply = await replyOf(own[EPOLL], logTo)
  const peers = [
    nodePeer(NODE_HTTP, 'node-http', site, reply),
    ...frameworks(site, reply),
    ...(await others(site, reply)),
  ]
  for (const peer of [...Object.values(own), ...peers]) {
    const { status, content } = await replyOf(peer, logTo)
    if (status !== 200 || content !== reply.content)
      throw new Error(
        `Cannot compare ${peer.name}: found ${status} ${JSON.stringify(content)}, wanted the response of Portico`,
      )
  }
  return { own, peers, reply }
}

function porticoKinds({ folder }, flags) {
  const kind = (name, { log = false, settings = [] }) =>
    porticoWith({
      name,
      placement: APART,
      settings: [
        `log.access=${log}`,
        `static.root=${folder}`,
        'static.prefix=/files/',
        'maxConnections=20000',
        ...settings,
      ],
      flags: ['--plugins', join(BENCH, 'plugins'), ...flags],
    })
  return {
    [EPOLL]: kind(EPOLL, {}),
    [NET]: kind(NET, { settings: ['socket=net'] }),
    [THREADS]: kind(THREADS, { settings: ['engine=threadpool'] }),
    [LOGGING]: kind(LOGGING, { log: true }),
  }
}

function nodePeer(name, program, { folder }, reply) {
  const env = { REPLY: JSON.stringify(reply), FOLDER: folder, NODE_ENV: 'production' }
  return nodeProgram({ name, placement: APART, args: [join(BENCH, 'servers', `${program}.mjs`)], env })
}

function frameworks(site, reply) {
  return Object.entries(FRAMEWORKS).flatMap(([program, name]) =>
    has(join(PACKAGES, program), name, 'npm ci --prefix bench') ? [nodePeer(name, program, site, reply)] : [],
  )
}

async function others({ work, folder }, reply) {
  const env = { REPLY: JSON.stringify(reply), FOLDER: folder }
  const args = [join(BENCH, 'servers', 'bun.mjs')]
  return [
    ...(has(BUN, 'Bun', 'npm ci --prefix bench')
      ? [{ name: 'Bun', placement: APART, program: BUN, args, env, url: null }]
      : []),
    ...(isInstalled(hasNginx, NGINX, 'apt-get install nginx-light')
      ? [await nginx({ placement: APART, work, folder, reply })]
      : []),
    ...(isInstalled(hasH2o, 'h2o', 'apt-get install h2o')
      ? [await h2o({ placement: APART, work, folder, reply })]
      : []),
  ]
}

const has = (path, name, how) => isInstalled(existsSync(path), name, how)

/** Prints how to install a missing server. */
function isInstalled(found, name, how) {
  if (!found) say(`${name} is not installed. To include it: ${how}`)
  return found
}
