import type { FilePart } from '../../../ports/serving/file-part.js'
import type { CloseReason, Endpoint, TransportReceiver } from '../../../ports/serving/transport.js'
import { QueuedTransport } from '../shared/queued-transport.js'
import type { EpollParts } from './epoll-parts.js'
import { EpollFile, type WritableConnection } from './epoll-writer.js'
import type { Watched } from './poller.js'
import { ADDRESS_OCTETS, endpointKept, type KeptEndpoint } from './socket-address.js'
import { LINUX, systemError } from './system-calls.js'

/**
 * A socket of Linux, without a stream.
 *
 * No system call uses our memory after it returns, so all connections read into one buffer. The descriptor is closed in
 * one place, `closeDescriptor`, which first ends its watch and sets it to -1; methods that others may call after the close
 * check for -1. The poller drops events that were already reported for a connection that has closed.
 *
 *   event       while reading   while paused        after the peer's end
 *   EPOLLIN     read            not watched         not watched
 *   EPOLLERR    read, fails     close               close
 *   EPOLLHUP    read            suspend the watch   close
 *   EPOLLOUT    flush           flush               flush
 *
 * Sending is the work of `EpollWriter`; this class decides when. Octets for which the kernel has no room wait for EPOLLOUT;
 * the poller watches for it only as long as some wait.
 */

/** Octets of files sent in one flush. The rest waits for the next EPOLLOUT: other connections are served in between. */
const MAX_FILE_OCTETS_PER_FLUSH = 1_048_576

/** A transport on a connected Linux socket. */
export class EpollTransport extends QueuedTransport<EpollFile> implements Watched, WritableConnection {
  readonly security = null
  /** -1 once the connection has closed. */
  fd: number
  isFull = false
  private readonly parts: EpollParts
  private readonly keptPeer: KeptEndpoint
  private hasPeerEnded = false
  private isPaused = false
  /** The events that the poller watches for now. */
  private events: number = LINUX.EPOLLIN
  /** Not watched until reading resumes: the poller would report EPOLLHUP in every turn of the event loop. */
  private isSuspended = false

  /** @param fd a connected socket that does not block; the transport closes it */
  constructor(fd: number, peer: KeptEndpoint, parts: EpollParts) {
    super(parts.highWaterMark)
    this.fd = fd
    this.keptPeer = peer
    this.parts = parts
  }

  get peer(): Endpoint {
    return endpointKept(this.keptPeer)
  }

  /** 0 when nothing waits in this process; otherwise also counts the octets in the kernel's send buffer. */
  get unsent(): number {
    if (this.fd < 0 || this.waiting === 0) return 0
    const { calls, buffers } = this.parts
    const isKnown = calls.ioctl(this.fd, LINUX.SIOCOUTQ, buffers.number) === 0
    return this.waiting + (isKnown ? buffers.number[0]! : 0)
  }

  get isLost(): boolean {
    if (this.fd < 0) return true
    const { calls, buffers } = this.parts
    buffers.number[0] = ADDRESS_OCTETS
    return calls.getpeername(this.fd, buffers.address, buffers.number) < 0
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver
    this.parts.poller.add(this.fd, this.events, this)
  }

  pause(): void {
    this.isPaused = true
    this.watch()
  }

  resume(): void {
    this.isPaused = false
    this.watch()
  }

  close(): void {
    this.closeDescriptor('ended')
  }

  abort(): void {
    if (this.fd < 0) return
    const { calls, buffers } = this.parts
    // SO_LINGER with a time of 0: closing the socket resets the connection.
    buffers.number[0] = 1
    buffers.number[1] = 0
    calls.setsockopt(this.fd, LINUX.SOL_SOCKET, LINUX.SO_LINGER, buffers.number, 8)
    this.closeDescriptor('aborted')
  }

  happened(events: number): void {
    if (this.isPaused || this.hasPeerEnded) this.handleHangUpOrError(events)
    else if ((events & ~LINUX.EPOLLOUT) !== 0) this.read()
    if ((events & LINUX.EPOLLOUT) === 0 || this.fd < 0) return
    this.isFull = false
    this.flush()
  }

  /** After a failed `recv` or `send`: closes the connection, except when the call can be repeated later. */
  failed(call: string): void {
    const errno = this.parts.calls.errno()
    if (errno === LINUX.EINTR || errno === LINUX.EAGAIN) return
    this.closeDescriptor('reset', systemError(call, errno))
  }

  protected get inFlight(): number {
    return 0
  }

  protected queuedFile(part: FilePart): EpollFile {
    return new EpollFile(part)
  }

  protected flush(): void {
    const { writer } = this.parts
    let fileOctetsLeft = MAX_FILE_OCTETS_PER_FLUSH
    // `sendNext` returns the octets of files that it has sent. Only they count: octets in memory never wait for a disk.
    while (this.fd >= 0 && this.waiting > 0 && !this.isFull && fileOctetsLeft > 0)
      fileOctetsLeft -= writer.sendNext(this)
    if (this.fd < 0) return
    if (this.waiting === 0) this.flushed()
    if (this.writing === 'ended' && this.hasPeerEnded) this.closeDescriptor('ended')
    else this.watch()
  }

  protected halfClose(): void {
    this.parts.calls.shutdown(this.fd, LINUX.SHUT_WR)
  }

  /** Handles EPOLLERR and EPOLLHUP, which epoll reports even while we do not watch for input. */
  private handleHangUpOrError(events: number): void {
    const { EPOLLERR, EPOLLHUP } = LINUX
    if ((events & EPOLLERR) !== 0 || ((events & EPOLLHUP) !== 0 && this.hasPeerEnded))
      return this.closeDescriptor('reset')
    if ((events & EPOLLHUP) === 0) return
    // Both sides have ended, and octets that the peer sent before its end are still unread.
    this.isSuspended = true
    this.parts.poller.suspend(this.fd)
  }

  private read(): void {
    const { calls, buffers } = this.parts
    const { input } = buffers
    const count = calls.recv(this.fd, input.octets, input.octets.length, 0)
    if (count < 0) return this.failed('recv')
    if (count > 0) return this.notifyOctets(input.first(count))
    this.hasPeerEnded = true
    this.notify('ended')
  }

  /** The one place where the descriptor is closed. */
  private closeDescriptor(reason: CloseReason, cause?: Error): void {
    if (this.fd < 0) return
    const { calls, poller } = this.parts
    const { fd } = this
    this.fd = -1
    this.writing = 'closed'
    poller.remove(fd)
    calls.close(fd)
    process.nextTick(() => {
      this.dropQueue(cause)
      this.receiver!.closed(reason)
    })
  }

  /** Has the poller watch for the events that we can act on now. */
  private watch(): void {
    if (this.fd < 0) return
    const { poller } = this.parts
    const reads = this.isPaused || this.hasPeerEnded ? 0 : LINUX.EPOLLIN
    const events = reads | (this.waiting > 0 && !this.corked ? LINUX.EPOLLOUT : 0)
    if (events === this.events) return
    if (this.isSuspended && reads === 0) return
    this.events = events
    if (this.isSuspended) poller.resume(this.fd, events)
    else poller.modify(this.fd, events)
    this.isSuspended = false
  }
}
