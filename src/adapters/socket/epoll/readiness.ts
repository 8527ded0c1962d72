import { Socket } from 'node:net'
import { LINUX, systemError, type SystemCalls } from './system-calls.js'

/**
 * Has Node's event loop tell when a descriptor is readable, without reading it.
 *
 * An epoll instance is a descriptor that is itself readable while something it watches is. Put into the epoll instance
 * of libuv, it wakes the loop as any socket of Node's would: no thread waits, and timers, promises and answers of pools
 * come as ever. libuv has this as `uv_poll_t`, which Node does not show. But a stream of libuv first asks for memory to
 * read into, and when it is given none, it calls back with ENOBUFS and reads nothing: so a pipe of Node's, opened on the
 * descriptor and given a buffer of no length, is such a poll. This is in no documentation of Node (it is the same in
 * Node 20 to 24): whoever relies on it has to try it first.
 */
interface StreamHandle {
  open(fd: number): number
  useUserBuffer(buffer: Uint8Array): void
  onread: () => void
  readStart(): number
  ref(): void
  unref(): void
  close(): void
}

/** A watch over a descriptor. */
export interface Readiness {
  /** Whether it keeps the process alive. */
  hold(): void
  letGo(): void
  /** Closes the descriptor, too. */
  close(): void
}

/**
 * @param fd is the watch's from now on
 * @param readable called in each turn of the event loop in which it is
 * @throws {Error} where Node's objects look different
 */
export function watchReadiness(calls: SystemCalls, fd: number, readable: () => void): Readiness {
  const handle = new (pipeClass(calls))(0)
  for (const verb of ['open', 'useUserBuffer', 'readStart'] as const)
    if (typeof handle[verb] !== 'function') throw new Error(`the pipes of this Node have no ${verb}`)
  handle.onread = readable
  check('open', handle.open(fd))
  handle.useUserBuffer(new Uint8Array(0))
  check('readStart', handle.readStart())
  handle.unref()
  return { hold: () => handle.ref(), letGo: () => handle.unref(), close: () => handle.close() }
}

/** Node makes a pipe of its own for a descriptor that is one. */
function pipeClass(calls: SystemCalls): new (type: 0) => StreamHandle {
  const ends = new Int32Array(2)
  if (calls.pipe2(ends, LINUX.SOCK_CLOEXEC) < 0) throw systemError('pipe2', calls.errno())
  const socket = new Socket({ fd: ends[0]!, readable: true, writable: false })
  const { constructor } = (socket as unknown as { _handle: object })._handle
  socket.destroy()
  calls.close(ends[1]!)
  return constructor as new (type: 0) => StreamHandle
}

function check(verb: string, answer: number): void {
  if (answer !== 0) throw systemError(verb, -answer)
}
