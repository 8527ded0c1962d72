import type { FilePart } from '../../../ports/serving/file-part.js'
import { fileFellShort, type Queued, type QueuedFile } from '../shared/queued-transport.js'
import { OUTPUT_OCTETS, type SharedBuffers, type TextBuffer } from './shared-buffers.js'
import { LINUX, type SystemCalls } from './system-calls.js'

/**
 * Sends the queues of connections.
 *
 * Everything gathered for a connection goes to the kernel in one `send`, small files included: they are read into the
 * output buffer. A large file goes by sendfile(2), after a head that was sent with MSG_MORE. The writer holds no state of a
 * connection, so one serves all connections of a listener, and an idle connection does not pay for it.
 */

/** A file up to this size is read and gathered: two calls and a copy. `sendfile` takes two calls as well, and a pipe. */
const SMALL_FILE = 16_384

/** Octets per `sendfile`: bounds how long a cold disk can block the event loop. */
const FILE_PIECE = 262_144

/** The errors of `sendfile` on a file system that does not support it. */
const NO_SENDFILE: readonly number[] = [LINUX.EINVAL, LINUX.ENOSYS, LINUX.EOPNOTSUPP]

/** A file part in the queue, and how much of it has been sent. */
export class EpollFile implements QueuedFile {
  sent = 0
  /** Whether it is read and gathered whatever its size, because its file system does not support `sendfile`. */
  isRead = false

  constructor(readonly part: FilePart) {}

  /** Octets that are still to be sent. */
  get remaining(): number {
    return this.part.length - this.sent
  }

  release(error: Error | null): void {
    this.part.released(error)
  }
}

/** The connection that the writer sends for. */
export interface WritableConnection {
  /** Its descriptor; -1 once it is closed. */
  readonly fd: number
  queue: Queued<EpollFile>[] | null
  text: string
  waiting: number
  /** Set by the writer when the kernel has no room: EPOLLOUT reports when there is some again. */
  isFull: boolean
  queueText(): void
  /** A system call failed; its error is in `errno`. */
  failed(call: string): void
  abort(): void
}

/** Sends the queue of any connection, one system call at a time. */
export class EpollWriter {
  constructor(
    private readonly calls: SystemCalls,
    private readonly buffers: SharedBuffers,
  ) {}

  /**
   * Makes one system call for the head of the queue. Only while something is queued and the connection is not full.
   *
   * @returns octets sent by `sendfile`, which the caller limits for the sake of other connections
   */
  sendNext(to: WritableConnection): number {
    if (to.queue === null) {
      this.sendText(to)
      return 0
    }
    to.queueText()
    const { queue } = to
    const first = queue[0]!
    if (first instanceof EpollFile && first.remaining > SMALL_FILE && !first.isRead)
      return this.sendFilePiece(to, first)
    if (first instanceof Uint8Array && first.length > OUTPUT_OCTETS) this.sendOctets(to, queue, first)
    else this.sendGathered(to, queue)
    if (queue.length === 0) to.queue = null
    return 0
  }

  private sendText(to: WritableConnection): void {
    const { output } = this.buffers
    // Writes as much as the buffer holds; the rest follows in the next call.
    const length = output.latin1Write(to.text, 0)
    const sent = this.send(to, output, length, 0)
    if (sent < 0) return
    to.waiting -= sent
    to.text = sent === to.text.length ? '' : to.text.slice(sent)
  }

  private sendOctets(to: WritableConnection, queue: Queued<EpollFile>[], octets: Uint8Array): void {
    const sent = this.send(to, octets, octets.length, 0)
    if (sent < 0) return
    to.waiting -= sent
    if (sent === octets.length) queue.shift()
    else queue[0] = octets.subarray(sent)
  }

  private sendFilePiece(to: WritableConnection, file: EpollFile): number {
    const { offset } = this.buffers
    offset[0] = BigInt(file.part.offset + file.sent)
    const count = Math.min(file.remaining, FILE_PIECE)
    const sent = this.calls.sendfile(to.fd, file.part.descriptor, offset, count)
    if (sent < 0) return this.sendfileFailed(to, file)
    if (sent === 0) return this.fellShort(to, file)
    // Fewer octets than asked for: the kernel is full, or the file has no more, which the next call would show.
    if (sent < count) to.isFull = true
    file.sent += sent
    to.waiting -= sent
    if (file.remaining === 0) this.fileSent(to, file)
    return sent
  }

  private sendfileFailed(to: WritableConnection, file: EpollFile): 0 {
    if (NO_SENDFILE.includes(this.calls.errno())) {
      file.isRead = true
    } else {
      to.isFull = true
      to.failed('sendfile')
    }
    return 0
  }

  /** Gathers from the head of the queue as much as fits into the output buffer, and sends it. */
  private sendGathered(to: WritableConnection, queue: Queued<EpollFile>[]): void {
    const { output } = this.buffers
    let [at, length] = [0, 0]
    for (; at < queue.length && length < OUTPUT_OCTETS; at++) {
      const added = this.gather(to, queue[at]!, output, length)
      if (added === null) break
      length += added
    }
    if (length === 0 || to.fd < 0) return
    const sent = this.send(to, output, length, at < queue.length ? LINUX.MSG_MORE : 0)
    if (sent > 0) this.advance(to, queue, sent)
  }

  /** @returns octets added to the output; null for an item that does not fit, or goes by `sendfile`, or fell short */
  private gather(to: WritableConnection, item: Queued<EpollFile>, output: TextBuffer, at: number): number | null {
    const room = OUTPUT_OCTETS - at
    // Text may be cut: the output is full then, so that nothing is added after it.
    if (typeof item === 'string') return output.latin1Write(item, at)
    if (item instanceof EpollFile) return this.gatherFile(to, item, at, room)
    if (item.length > room) return null
    output.set(item, at)
    return item.length
  }

  private gatherFile(to: WritableConnection, file: EpollFile, at: number, room: number): number | null {
    if (file.isRead) return this.readFile(to, file, at, Math.min(file.remaining, room))
    return file.remaining <= Math.min(SMALL_FILE, room) ? this.readFile(to, file, at, file.remaining) : null
  }

  private readFile(to: WritableConnection, file: EpollFile, at: number, length: number): number | null {
    const { part, sent } = file
    const read = this.calls.pread(part.descriptor, this.buffers.output.subarray(at), length, part.offset + sent)
    if (read === length) return read
    this.fellShort(to, file)
    return null
  }

  /** Removes sent octets from the head of the queue. */
  private advance(to: WritableConnection, queue: Queued<EpollFile>[], octets: number): void {
    to.waiting -= octets
    for (let remaining = octets; remaining > 0;) {
      const first = queue[0]!
      const length = first instanceof EpollFile ? first.remaining : first.length
      const taken = Math.min(remaining, length)
      remaining -= taken
      if (first instanceof EpollFile) {
        first.sent += taken
        if (first.remaining === 0) this.fileSent(to, first)
      } else if (taken === length) {
        queue.shift()
      } else {
        queue[0] = typeof first === 'string' ? first.slice(taken) : first.subarray(taken)
      }
    }
  }

  private fileSent(to: WritableConnection, file: EpollFile): void {
    to.queue!.shift()
    if (to.queue!.length === 0) to.queue = null
    file.release(null)
  }

  /** The peer was promised more octets than the file has: only a reset can show that the content is incomplete. */
  private fellShort(to: WritableConnection, file: EpollFile): 0 {
    to.queue!.splice(to.queue!.indexOf(file), 1)
    process.nextTick(() => file.release(fileFellShort(file.remaining)))
    to.abort()
    return 0
  }

  /** @returns octets that the kernel accepted; -1 for none */
  private send(to: WritableConnection, octets: Uint8Array, length: number, flags: number): number {
    const sent = this.calls.send(to.fd, octets, length, flags | LINUX.MSG_NOSIGNAL)
    if (sent < length) to.isFull = true
    if (sent < 0) to.failed('send')
    return sent
  }
}
