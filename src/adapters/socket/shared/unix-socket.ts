import { lstatSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { UNIX } from '../../../domain/message/authority.js'

/** Where a unix socket is; `null` for a host of another kind. */
export function unixPath(host: string): string | null {
  return host.startsWith(UNIX) ? host.slice(UNIX.length) : null
}

/** Removes a socket at which nobody answers: one whose process ended without closing it. What else is there stays. */
export async function removeStale(path: string): Promise<void> {
  const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
  if (isSocket && (await refuses(path))) rmSync(path, { force: true })
}

function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
