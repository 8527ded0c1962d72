import { authorityOf } from '../../../domain/message/authority.js'
import type { Address, ListenError } from '../../../ports/serving/transport.js'

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is taken',
  EACCES: 'this user has no permission to listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine does not speak that address family',
  ENOENT: 'there is no such folder',
  ENOTFOUND: 'no address is known under this name',
}

/** Says what could not be listened on and why, in words; keeps the platform's code and error. */
export function listenError(at: Address, cause: NodeJS.ErrnoException): ListenError {
  const code = cause.code ?? 'UNKNOWN'
  const reason = REASONS[code] ?? cause.message
  return Object.assign(new Error(`Cannot listen on ${authorityOf(at.host, at.port)}: ${reason} (${code})`, { cause }), {
    code,
  })
}
