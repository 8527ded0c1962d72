/** Measures the memory of an idle connection: the slope of resident memory over the number of connections. */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnPinned } from './pinned.mjs'
import { residentBytes } from './process-facts.mjs'
import { Server } from './server.mjs'
import { slope } from './statistics.mjs'

const CONNECTIONS = 5000
const STEP = 1000
/** The time for the last responses to be sent, and for the garbage collection. */
const SETTLE_MS = 500

const HOLDER = join(import.meta.dirname, 'load', 'hold-connections.mjs')

/**
 * Measures a fresh process of a server.
 *
 * @returns a promise of the points and their slope in bytes per connection. There is no point without connections,
 *   because the first thousand connections include memory that is allocated only once
 */
export async function idleMemory(startable, logTo) {
  const server = await Server.start(startable, logTo)
  const { hostname, port } = new URL(server.url)
  const holder = spawnPinned(server.placement.load, process.execPath, [HOLDER, hostname, port], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    const points = []
    for (let connections = STEP; connections <= CONNECTIONS; connections += STEP) {
      await openMore(holder, connections)
      points.push({ connections, residentBytes: await settledMemory(server) })
    }
    return {
      server: server.name,
      points,
      bytesPerConnection: slope(points.map((it) => [it.connections, it.residentBytes])),
    }
  } finally {
    holder.kill()
    await server.stop()
  }
}

async function openMore(holder, wanted) {
  holder.send({ open: STEP })
  const [{ held }] = await once(holder, 'message')
  if (held !== wanted) throw new Error(`Cannot measure idle connections: found ${held} open, wanted ${wanted}`)
}

async function settledMemory(server) {
  await delay(SETTLE_MS)
  server.collectGarbage()
  await delay(SETTLE_MS)
  return residentBytes(server.pid)
}
