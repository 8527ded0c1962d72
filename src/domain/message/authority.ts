/** What the host of a unix socket begins with; its path follows. */
export const UNIX = 'unix:'

/** A host and its port as they stand in a URI (RFC 3986 §3.2): an IPv6 address in brackets. A unix socket has no port. */
export function authorityOf(host: string, port: number): string {
  if (host.startsWith(UNIX)) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
