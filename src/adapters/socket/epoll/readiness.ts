import { Socket } from 'node:net'
import { LINUX, systemError, type SystemCalls } from './system-calls.js'

/**
 * Has Node's event loop report when a descriptor is readable, without reading from it.
 *
 * An epoll instance is a descriptor that is itself readable while something it watches is. Added to the epoll instance of
 * libuv, it wakes the event loop as any of Node's sockets does: no thread waits, and timers, promises and messages run as
 * usual. libuv offers this as `uv_poll_t`, which Node does not expose. But a libuv stream asks for memory before it reads,
 * and when it gets a buffer of length 0, it calls back with ENOBUFS and reads nothing. So a pipe handle of Node's, opened
 * on the descriptor and given an empty buffer, works as such a poll. Node does not document this (it is the same in Node
 * 20 to 24), so the self-check tries it before anything relies on it.
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

/** A watch on one descriptor. */
export interface Readiness {
  /** Keeps the process alive until `release`. */
  hold(): void
  release(): void
  /** Ends the watch and closes the descriptor. */
  close(): void
}

/**
 * Watches a descriptor; the process may end meanwhile unless `hold` is called.
 *
 * @param fd the watch owns it from now on
 * @param readable called in each turn of the event loop in which the descriptor is readable
 * @throws {Error} where Node's internal objects differ from those known
 */
export function watchReadiness(calls: SystemCalls, fd: number, readable: () => void): Readiness {
  const handle = new (pipeClass(calls))(0)
  for (const method of ['open', 'useUserBuffer', 'readStart'] as const)
    if (typeof handle[method] !== 'function') throw new Error(`the pipe handles of this Node have no ${method}()`)
  handle.onread = readable
  check('open', handle.open(fd))
  handle.useUserBuffer(new Uint8Array(0))
  check('readStart', handle.readStart())
  handle.unref()
  return { hold: () => handle.ref(), release: () => handle.unref(), close: () => handle.close() }
}

/** Node makes a pipe handle for a descriptor that is a pipe; its class is not exported anywhere. */
function pipeClass(calls: SystemCalls): new (type: 0) => StreamHandle {
  const ends = new Int32Array(2)
  if (calls.pipe2(ends, LINUX.SOCK_CLOEXEC) < 0) throw systemError('pipe2', calls.errno())
  const socket = new Socket({ fd: ends[0]!, readable: true, writable: false })
  const { constructor } = (socket as unknown as { _handle: object })._handle
  socket.destroy()
  calls.close(ends[1]!)
  return constructor as new (type: 0) => StreamHandle
}

function check(method: string, result: number): void {
  if (result !== 0) throw systemError(method, -result)
}
