/** The implementations of sockets: `net` is Node's own, for every platform; `epoll` makes Linux system calls. */
export type SocketKind = 'net' | 'epoll'

/** The sockets in use. */
export interface SocketChoice {
  readonly kind: SocketKind
  /** Why, in words that complete "net, since …" and "epoll, since …". */
  readonly reason: string
}

/**
 * Tries whether `epoll` sockets work on this machine.
 *
 * @returns the package that makes the system calls, with its version, such as `koffi 3.3.4`
 * @throws {Error} that says why they do not work
 */
export type CheckEpoll = () => Promise<string>
