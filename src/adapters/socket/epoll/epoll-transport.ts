import type { FilePart } from '../../../ports/serving/file-part.js'
import type { CloseReason, Endpoint, TransportReceiver } from '../../../ports/serving/transport.js'
import { LentBuffer } from '../shared/lent-buffer.js'
import { QueuedTransport } from '../shared/queued-transport.js'
import { Poller, type Watched } from './poller.js'
import { ADDRESS_OCTETS, endpointKept, type KeptEndpoint } from './socket-address.js'
import { LINUX, systemError, type SystemCalls } from './system-calls.js'

/**
 * A socket of Linux, without a stream.
 *
 * Every call that touches memory is over when it returns, so one buffer is read into and one written from, for all
 * connections. The descriptor is closed in one place, `#leave`, which ends its watch first and sets it to -1; no other
 * call is made without looking whether it still is one. Events that were on their way to a connection that has left are
 * stopped by the poller.
 *
 * What was gathered goes to the kernel as one call, small files among it; a large one goes by sendfile(2), behind a head
 * that was sent with MSG_MORE. What the kernel has no room for waits for EPOLLOUT, which is asked for only as long.
 */

/** Octets that are gathered into one call of `send`. */
const GATHERED = 65_536

/** Up to so many octets a file is read and gathered: two calls and a copy, where `sendfile` would take a pipe, too. */
const SMALL_FILE = 16_384

/** Octets of one `sendfile`: what a cold disk may take the event loop's time for. */
const FILE_PIECE = 262_144

/** What `sendfile` answers where a file system has no way to do it. */
const NO_SENDFILE: readonly number[] = [LINUX.EINVAL, LINUX.ENOSYS, LINUX.EOPNOTSUPP]

/** Octets of files that one connection is given at a time, before others have their turn. */
const FILE_TURN = 1_048_576

/** What connections share. */
export interface EpollTools {
  readonly calls: SystemCalls
  readonly buffers: SharedBuffers
  /** Octets unsent above which `write` answers false. */
  readonly highWaterMark: number
  /** As of `Poller`. */
  readonly selectTimeoutMs: number
}

/** What connections of one listener share. */
export interface EpollParts extends EpollTools {
  readonly poller: Poller
}

/** @throws {Error} when there can be no poller */
export const withPoller = (tools: EpollTools): EpollParts => ({
  ...tools,
  poller: new Poller(tools.calls, tools.selectTimeoutMs),
})

/** `write` without a look at its arguments; Node's types do not know it. */
type TextBuffer = Buffer<ArrayBuffer> & { latin1Write(text: string, at: number): number }

/** What all connections read into and write from. */
export class SharedBuffers {
  readonly input: LentBuffer
  readonly output = Buffer.allocUnsafeSlow(GATHERED) as TextBuffer
  readonly number = new Int32Array(2)
  readonly offset = new BigInt64Array(1)
  readonly address = Buffer.alloc(ADDRESS_OCTETS)

  /** @param readChunkSize octets per read */
  constructor(readChunkSize: number) {
    this.input = new LentBuffer(readChunkSize)
  }
}

/** A file on its way out. */
class SentFile {
  sent = 0
  /** Its file system knows no `sendfile`. */
  isRead = false

  constructor(readonly part: FilePart) {}

  get left(): number {
    return this.part.length - this.sent
  }
}

type Waiting = string | Uint8Array | SentFile

export class EpollTransport extends QueuedTransport<SentFile> implements Watched {
  readonly security = null
  readonly #parts: EpollParts
  readonly #peer: KeptEndpoint
  #fd: number
  #hasRead = false
  #paused = false
  /** What is asked of the poller now. */
  #events: number = LINUX.EPOLLIN
  /** The poller does not watch until we read again: it would tell of the end that is there over and over. */
  #parked = false
  #isFull = false

  constructor(fd: number, peer: KeptEndpoint, parts: EpollParts) {
    super(parts.highWaterMark)
    this.#fd = fd
    this.#peer = peer
    this.#parts = parts
  }

  get peer(): Endpoint {
    return endpointKept(this.#peer)
  }

  /** With what the kernel holds, which falls as the peer reads. */
  get unsent(): number {
    if (this.#fd < 0 || this.waiting === 0) return 0
    const { calls, buffers } = this.#parts
    const known = calls.ioctl(this.#fd, LINUX.SIOCOUTQ, buffers.number) === 0
    return this.waiting + (known ? buffers.number[0]! : 0)
  }

  get isLost(): boolean {
    if (this.#fd < 0) return true
    const { calls, buffers } = this.#parts
    buffers.number[0] = ADDRESS_OCTETS
    return calls.getpeername(this.#fd, buffers.address, buffers.number) < 0
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver
    this.#parts.poller.add(this.#fd, this.#events, this)
  }

  pause(): void {
    this.#paused = true
    this.#watch()
  }

  resume(): void {
    this.#paused = false
    this.#watch()
  }

  close(): void {
    this.#leave('ended')
  }

  abort(): void {
    if (this.#fd < 0) return
    const { calls, buffers } = this.#parts
    buffers.number[0] = 1
    buffers.number[1] = 0
    calls.setsockopt(this.#fd, LINUX.SOL_SOCKET, LINUX.SO_LINGER, buffers.number, 8)
    this.#leave('aborted')
  }

  happened(events: number): void {
    if (this.#paused || this.#hasRead) this.#notRead(events)
    else if ((events & ~LINUX.EPOLLOUT) !== 0) this.#read()
    if ((events & LINUX.EPOLLOUT) === 0 || this.#fd < 0) return
    this.#isFull = false
    this.pump()
  }

  protected get inFlight(): number {
    return 0
  }

  protected sent(part: FilePart): SentFile {
    return new SentFile(part)
  }

  /** What is told without being asked for, while we do not read. */
  #notRead(events: number): void {
    const { EPOLLERR, EPOLLHUP } = LINUX
    if ((events & EPOLLERR) !== 0 || ((events & EPOLLHUP) !== 0 && this.#hasRead)) return this.#leave('reset')
    if ((events & EPOLLHUP) === 0) return
    // Both sides have ended, and what the peer sent before that lies unread.
    this.#parked = true
    this.#parts.poller.suspend(this.#fd)
  }

  #read(): void {
    const { calls, buffers } = this.#parts
    const { input } = buffers
    const count = calls.recv(this.#fd, input.octets, input.octets.length, 0)
    if (count < 0) return this.#failed('recv')
    if (count > 0) return this.tellOctets(input.first(count))
    this.#hasRead = true
    this.tell('ended')
  }

  #failed(call: string): void {
    const errno = this.#parts.calls.errno()
    if (errno === LINUX.EINTR || errno === LINUX.EAGAIN) return
    this.#leave('reset', systemError(call, errno))
  }

  /** The one place where the descriptor is closed. */
  #leave(reason: CloseReason, cause?: Error): void {
    if (this.#fd < 0) return
    const { calls, poller } = this.#parts
    const fd = this.#fd
    this.#fd = -1
    this.writing = 'over'
    poller.remove(fd)
    calls.close(fd)
    process.nextTick(() => {
      this.#releaseFiles(new Error('Cannot send the whole file: the connection closed', { cause }))
      this.receiver!.closed(reason)
    })
  }

  #releaseFiles(error: Error): void {
    for (const waiting of this.queue ?? []) if (waiting instanceof SentFile) waiting.part.released(error)
    this.queue = null
    this.text = ''
    this.waiting = 0
  }

  protected pump(): void {
    let files = FILE_TURN
    while (this.#fd >= 0 && this.waiting > 0 && !this.#isFull && files > 0) {
      if (this.queue === null) this.#sendText()
      else files -= this.#sendQueued(this.queue)
    }
    if (this.#fd < 0) return
    if (this.waiting === 0) this.emptied()
    if (this.writing === 'ended' && this.#hasRead) this.#leave('ended')
    else this.#watch()
  }

  protected halfClose(): void {
    this.#parts.calls.shutdown(this.#fd, LINUX.SHUT_WR)
  }

  /** Asks for what we can go on with. */
  #watch(): void {
    if (this.#fd < 0) return
    const { poller } = this.#parts
    const reads = this.#paused || this.#hasRead ? 0 : LINUX.EPOLLIN
    const events = reads | (this.waiting > 0 && !this.held ? LINUX.EPOLLOUT : 0)
    if (events === this.#events) return
    if (this.#parked && reads === 0) return
    this.#events = events
    if (this.#parked) poller.resume(this.#fd, events)
    else poller.modify(this.#fd, events)
    this.#parked = false
  }

  #sendText(): void {
    const { output } = this.#parts.buffers
    // What is longer than the buffer is cut there.
    const length = output.latin1Write(this.text, 0)
    const sent = this.#send(output, length, 0)
    if (sent < 0) return
    this.waiting -= sent
    this.text = sent === this.text.length ? '' : this.text.slice(sent)
  }

  /** @returns octets of a file that were sent by themselves */
  #sendQueued(queue: Waiting[]): number {
    this.queueText()
    const first = queue[0]!
    if (first instanceof SentFile && first.left > SMALL_FILE && !first.isRead) return this.#sendFilePiece(first)
    if (first instanceof Uint8Array && first.length > GATHERED) this.#sendOctets(first)
    else this.#sendGathered()
    if (queue.length === 0) this.queue = null
    return 0
  }

  #sendFilePiece(file: SentFile): number {
    const { calls, buffers } = this.#parts
    buffers.offset[0] = BigInt(file.part.offset + file.sent)
    const count = Math.min(file.left, FILE_PIECE)
    const sent = calls.sendfile(this.#fd, file.part.descriptor, buffers.offset, count)
    if (sent < 0) return this.#fileNotSent(file)
    if (sent === 0) return this.#fallShort(file)
    // Less than was asked for is all there is room for, or all that the file has left: the next call would tell.
    if (sent < count) this.#isFull = true
    file.sent += sent
    this.waiting -= sent
    if (file.left === 0) this.#sentFile(file)
    return sent
  }

  #fileNotSent(file: SentFile): 0 {
    if (NO_SENDFILE.includes(this.#parts.calls.errno())) {
      file.isRead = true
    } else {
      this.#isFull = true
      this.#failed('sendfile')
    }
    return 0
  }

  #sendOctets(octets: Uint8Array): void {
    const sent = this.#send(octets, octets.length, 0)
    if (sent < 0) return
    this.waiting -= sent
    if (sent === octets.length) this.queue!.shift()
    else this.queue![0] = octets.subarray(sent)
  }

  /** Sends as much of what is at hand as one call takes. */
  #sendGathered(): void {
    const { output } = this.#parts.buffers
    const queue = this.queue!
    let [at, length] = [0, 0]
    for (; at < queue.length && length < GATHERED; at++) {
      const added = this.#gather(queue[at]!, output, length)
      if (added === null) break
      length += added
    }
    if (length === 0) return
    const sent = this.#send(output, length, at < queue.length ? LINUX.MSG_MORE : 0)
    if (sent > 0) this.#advance(sent)
  }

  /** @returns octets that were put into the output; null for what goes by itself, or was cut */
  #gather(waiting: Waiting, output: TextBuffer, at: number): number | null {
    const room = GATHERED - at
    // Of text as much as there is room for: nothing follows it then.
    if (typeof waiting === 'string') return output.latin1Write(waiting, at)
    if (waiting instanceof SentFile) return this.#gatherFile(waiting, at, room)
    if (waiting.length > room) return null
    output.set(waiting, at)
    return waiting.length
  }

  #gatherFile(file: SentFile, at: number, room: number): number | null {
    if (file.isRead) return this.#readFile(file, at, Math.min(file.left, room))
    return file.left <= Math.min(SMALL_FILE, room) ? this.#readFile(file, at, file.left) : null
  }

  #readFile(file: SentFile, at: number, length: number): number | null {
    const { calls, buffers } = this.#parts
    const { part, sent } = file
    const read = calls.pread(part.descriptor, buffers.output.subarray(at), length, part.offset + sent)
    if (read === length) return read
    this.#fallShort(file)
    return null
  }

  /** Takes octets that were sent off what waits. */
  #advance(octets: number): void {
    this.waiting -= octets
    const queue = this.queue!
    for (let left = octets; left > 0;) {
      const first = queue[0]!
      const length = first instanceof SentFile ? first.left : first.length
      const taken = Math.min(left, length)
      left -= taken
      if (first instanceof SentFile) {
        first.sent += taken
        if (first.left === 0) this.#sentFile(first)
      } else if (taken === length) {
        queue.shift()
      } else {
        queue[0] = typeof first === 'string' ? first.slice(taken) : first.subarray(taken)
      }
    }
  }

  #sentFile(file: SentFile): void {
    this.queue!.shift()
    if (this.queue!.length === 0) this.queue = null
    file.part.released(null)
  }

  #fallShort(file: SentFile): 0 {
    const error = new Error(`Cannot send the file: it ended ${file.left} octets short of what was promised`)
    this.queue!.splice(this.queue!.indexOf(file), 1)
    process.nextTick(() => file.part.released(error))
    this.abort()
    return 0
  }

  /** @returns -1 when none could be sent */
  #send(octets: Uint8Array, length: number, flags: number): number {
    const sent = this.#parts.calls.send(this.#fd, octets, length, flags | LINUX.MSG_NOSIGNAL)
    if (sent < length) this.#isFull = true
    if (sent < 0) this.#failed('send')
    return sent
  }
}
