import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { isatty } from 'node:tty'

/** Called once for each write. A write that failed may have written some bytes before it failed. */
export type Written = (error: NodeJS.ErrnoException | null, bytes: number) => void

/** Writes the octets of the logs. It never waits for a reader, neither in the event loop nor in a thread. */
export interface Output {
  /** Whether the output is a terminal, which shows colours. */
  readonly isTerminal: boolean
  /**
   * Writes as many of the octets as the output accepts now, from the first on. Only one write may be in progress.
   *
   * @param written is called at once or later, with `EAGAIN` when the output accepts nothing
   */
  write(octets: Uint8Array, written: Written): void
}

/**
 * Opens an output to a file descriptor of this process, such as 1.
 *
 * Pipes, terminals and sockets accept octets only as fast as their reader reads, which may be never. A blocking write
 * would stop the event loop or, in libuv's thread pool, prevent the process from exiting. Therefore they are written
 * without blocking. Regular files have neither a reader nor a non-blocking mode; they are written in the thread pool.
 */
export function openOutput(descriptor: number): Output {
  const facts = fstatSync(descriptor)
  if (facts.isSocket()) return new NonBlockingOutput(madeNonBlocking(descriptor))
  if (facts.isFIFO()) return new NonBlockingOutput(reopened(descriptor) ?? madeNonBlocking(descriptor))
  const own = facts.isCharacterDevice() ? reopened(descriptor) : null
  return own === null ? new FileOutput(descriptor) : new NonBlockingOutput(own)
}

class NonBlockingOutput implements Output {
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

class FileOutput implements Output {
  readonly isTerminal: boolean

  constructor(private readonly descriptor: number) {
    this.isTerminal = isatty(descriptor)
  }

  write(octets: Uint8Array, written: Written): void {
    // At the position of the descriptor, so that appending works and other processes may write to the same file.
    write(this.descriptor, octets, 0, octets.length, null, written)
  }
}

/**
 * Opens the file of a descriptor again. Non-blocking mode belongs to the open file, which our standard output shares
 * with the shell and its other children; for them it must not change.
 *
 * @returns `null` where the platform cannot do this or forbids it
 */
function reopened(descriptor: number): number | null {
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return null
  }
}

/** Keeps the sockets referenced, because a socket that is garbage-collected closes its descriptor. */
const held: Socket[] = []

/** Switches a pipe or socket itself to non-blocking mode. Node does this only for its own sockets. */
function madeNonBlocking(descriptor: number): number {
  held.push(new Socket({ fd: descriptor, readable: false, writable: true }).unref())
  return descriptor
}
