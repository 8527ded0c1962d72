/** The prefix of a host that is a unix socket; the path of the socket follows it. */
export const UNIX = 'unix:'

/** @returns the path of a unix socket; `null` for a host name or an IP address */
export function unixPath(host: string): string | null {
  return host.startsWith(UNIX) ? host.slice(UNIX.length) : null
}

/** Writes host and port as in a URI (RFC 3986 §3.2): an IPv6 address is in brackets, a unix socket has no port. */
export function authorityOf(host: string, port: number): string {
  if (unixPath(host) !== null) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
