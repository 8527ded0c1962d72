import { lstatSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { unixPath } from '../../../domain/message/authority.js'

/**
 * Makes the path of a unix socket free to listen on: removes a socket that no process listens on any more, because its
 * process ended without closing it. Anything else at the path stays, and listening will fail with EADDRINUSE.
 *
 * @returns the path; `null` for a host name or an IP address
 */
export async function freedUnixPath(host: string): Promise<string | null> {
  const path = unixPath(host)
  if (path === null) return null
  const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
  if (isSocket && (await refusesConnections(path))) rmSync(path, { force: true })
  return path
}

function refusesConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
