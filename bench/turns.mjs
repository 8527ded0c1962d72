import { Server } from './server.mjs'

/** Starts servers, uses them, and stops them in any case. */
export async function withServers(startables, logTo, use) {
  const starts = await Promise.allSettled(startables.map((it) => Server.start(it, logTo)))
  const servers = starts.filter(({ status }) => status === 'fulfilled').map(({ value }) => value)
  try {
    const failed = starts.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return await use(servers)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

/** Rotates a list. */
export function rotated(list, by) {
  return list.map((_, i) => list[(i + by) % list.length])
}
