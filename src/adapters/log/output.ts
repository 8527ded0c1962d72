import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { isatty } from 'node:tty'

/** Called once for each write. A write that failed may still have written some octets before. */
export type Written = (error: NodeJS.ErrnoException | null, octets: number) => void

/** Where the octets of the logs go. Writing never waits for a reader, in the event loop or in a thread. */
export interface Output {
  /** Whether a person is looking on, who may like colours. */
  readonly isTerminal: boolean
  /**
   * Writes as many of the octets as there is room for, from the first on. One write at a time.
   *
   * @param written is called at once or later; with `EAGAIN` when there is no room at all
   */
  write(octets: Uint8Array, written: Written): void
}

/**
 * An output onto a file descriptor of ours, such as 1.
 *
 * Pipes, terminals and sockets take octets as fast as their reader reads, which may be never: a write that waits would
 * stop the event loop, or, in libuv's thread pool, keep the process from its exit. So they are written non-blocking.
 * Regular files have no reader to wait for, and no non-blocking mode either: they are written in the thread pool.
 */
export function openOutput(descriptor: number): Output {
  const facts = fstatSync(descriptor)
  if (facts.isSocket()) return new NonBlockingOutlet(madeNonBlocking(descriptor))
  if (facts.isFIFO()) return new NonBlockingOutlet(reopened(descriptor) ?? madeNonBlocking(descriptor))
  const own = facts.isCharacterDevice() ? reopened(descriptor) : null
  return own === null ? new FileOutlet(descriptor) : new NonBlockingOutlet(own)
}

class NonBlockingOutlet implements Output {
  readonly isTerminal: boolean

  constructor(private readonly descriptor: number) {
    this.isTerminal = isatty(descriptor)
  }

  write(octets: Uint8Array, written: Written): void {
    let count = 0
    let error: NodeJS.ErrnoException | null = null
    try {
      count = writeSync(this.descriptor, octets)
    } catch (thrown) {
      error = thrown as NodeJS.ErrnoException
    }
    written(error, count)
  }
}

class FileOutlet implements Output {
  readonly isTerminal: boolean

  constructor(private readonly descriptor: number) {
    this.isTerminal = isatty(descriptor)
  }

  write(octets: Uint8Array, written: Written): void {
    // At the descriptor's own position: appending stays appending, and others may write to the same file.
    write(this.descriptor, octets, 0, octets.length, null, written)
  }
}

/**
 * Opens what stands behind a descriptor anew. Non-blocking is a property of the open file, which our standard output
 * shares with the shell and its other children; it has to stay as it is for them.
 *
 * @returns null where the platform cannot do it or forbids it
 */
function reopened(descriptor: number): number | null {
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return null
  }
}

/** Held for ever: a socket that is collected closes its descriptor. */
const held: Socket[] = []

/** Switches a pipe or socket itself to non-blocking, which Node only does by the way of its own sockets. */
function madeNonBlocking(descriptor: number): number {
  held.push(new Socket({ fd: descriptor, readable: false, writable: true }).unref())
  return descriptor
}
