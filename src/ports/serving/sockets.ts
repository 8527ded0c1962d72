/** The kinds of sockets: Node's own, for every platform, or those of Linux by its system calls. */
export type SocketKind = 'net' | 'epoll'

/** Which are in use. */
export interface SocketChoice {
  readonly kind: SocketKind
  /** Why, for people: completes "net, since …" and "epoll, since …". */
  readonly reason: string
}

/**
 * Tries whether `epoll` sockets work on this machine.
 *
 * @returns what system calls are made through, such as `koffi 3.3.4`
 * @throws {Error} that says why they do not work
 */
export type CheckEpoll = () => Promise<string>
