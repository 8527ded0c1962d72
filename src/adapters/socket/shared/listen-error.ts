import { dirname } from 'node:path'
import { authorityOf, unixPath } from '../../../domain/message/authority.js'
import type { Address, ListenError } from '../../../ports/serving/transport.js'

/** The reason in words, and the remedy: what the user can do. */
interface Problem {
  readonly reason: string
  readonly remedy: string
}

const OTHER_HOST = 'pass --host'
const OTHER_PORT = 'pass --port (HTTPS: --https-port)'

/** Problems with a host and a port, by the platform's code. */
const HOST_PROBLEMS: Readonly<Record<string, Problem>> = {
  EADDRINUSE: { reason: 'the port is in use', remedy: `Stop the other program or ${OTHER_PORT}` },
  EACCES: {
    reason: 'this user has no permission to listen on that port',
    remedy: `Give node the capability CAP_NET_BIND_SERVICE or ${OTHER_PORT} with a port from 1024`,
  },
  EADDRNOTAVAIL: {
    reason: 'this machine does not have that address',
    remedy: `To listen on one of its own, ${OTHER_HOST} with that address; 0.0.0.0 is every IPv4 address`,
  },
  EAFNOSUPPORT: {
    reason: 'this machine does not support that address family',
    remedy: `To listen on IPv4, ${OTHER_HOST} with an IPv4 address`,
  },
  ENOTFOUND: {
    reason: 'that name has no address',
    remedy: `Check its spelling, or ${OTHER_HOST} with an IP address`,
  },
  ERR_SOCKET_BAD_PORT: { reason: 'a port is a number from 0 to 65535', remedy: `For another port, ${OTHER_PORT}` },
}

/** Problems with a unix socket, by the platform's code. */
function unixProblem(code: string, path: string): Problem | undefined {
  const folder = dirname(path)
  const problems: Readonly<Record<string, Problem>> = {
    EADDRINUSE: {
      reason: 'the path is in use',
      remedy: `Stop the program that listens there, remove the file, or ${OTHER_HOST} with another path`,
    },
    EACCES: {
      reason: 'this user has no permission to create a socket there',
      remedy: `Give the user write permission for ${folder} or ${OTHER_HOST} with another path`,
    },
    ENOENT: {
      reason: `the folder ${folder} does not exist`,
      remedy: `Create the folder or ${OTHER_HOST} with another path`,
    },
  }
  return problems[code]
}

/**
 * Makes the error for an address that cannot be listened on: the reason in words, and what the user can do.
 *
 * @param cause the platform's error; its code becomes that of the result
 */
export function listenError(at: Address, cause: NodeJS.ErrnoException): ListenError {
  const code = cause.code ?? 'UNKNOWN'
  const path = unixPath(at.host)
  const problem = path === null ? HOST_PROBLEMS[code] : unixProblem(code, path)
  const reason = `${problem?.reason ?? cause.message} (${code})`
  const remedy = problem === undefined ? '' : `. ${problem.remedy}.`
  return Object.assign(new Error(`Cannot listen on ${authorityOf(at.host, at.port)}: ${reason}${remedy}`, { cause }), {
    code,
  })
}
