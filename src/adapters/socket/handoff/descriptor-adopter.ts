import { Socket } from 'node:net'
import type { Transport } from '../../../ports/serving/transport.js'
import type { HandedConnection } from '../../../ports/workers/worker-processes.js'
import type { ConnectionAdopter } from './handed-listener.js'
import { withPoller, type EpollParts, type EpollTools } from '../epoll/epoll-parts.js'
import { EpollTransport } from '../epoll/epoll-transport.js'
import { ADDRESS_OCTETS, keptEndpoint } from '../epoll/socket-address.js'
import { LINUX } from '../epoll/system-calls.js'

const ON = Int32Array.of(1)

/** Adopts handed connections for epoll: duplicates each descriptor, because Node closes its own. */
export class DescriptorAdopter implements ConnectionAdopter {
  readonly name = 'epoll'
  private readonly parts: EpollParts
  /**
   * A reserved descriptor, closed when the process has none left to duplicate a connection's: releasing the connection
   * then frees Node's descriptor, and the reserve is taken anew. -1 while there is none.
   */
  private spare: number

  /** @throws {Error} when no poller can be created */
  constructor(tools: EpollTools) {
    this.parts = withPoller(tools)
    this.spare = this.reserve()
  }

  adopt(connection: HandedConnection, accept: (transport: Transport) => void): void {
    const { calls, buffers } = this.parts
    const { address, number } = buffers
    const fd = this.duplicate(descriptorOf(connection.handle))
    if (fd < 0) return connection.abort()
    number[0] = ADDRESS_OCTETS
    // A connection that is closed already has no peer; its first read reports that.
    const peer = calls.getpeername(fd, address, number) < 0 ? UNKNOWN_PEER : keptEndpoint(address, number[0])
    connection.release()
    if (this.spare < 0) this.spare = this.reserve()
    calls.setsockopt(fd, LINUX.IPPROTO_TCP, LINUX.TCP_NODELAY, ON, 4)
    accept(new EpollTransport(fd, peer, this.parts))
  }

  close(): Promise<void> {
    this.closeSpare()
    this.parts.poller.close()
    return Promise.resolve()
  }

  giveUpAll(): void {}

  /** @returns the new descriptor; negative when the process has none left */
  private duplicate(fd: number): number {
    const { calls } = this.parts
    const own = calls.fcntl(fd, LINUX.F_DUPFD_CLOEXEC, 0)
    if (own >= 0 || !this.closeSpare()) return own
    return calls.fcntl(fd, LINUX.F_DUPFD_CLOEXEC, 0)
  }

  private reserve(): number {
    return this.parts.calls.socket(LINUX.AF_INET, LINUX.SOCK_STREAM | LINUX.SOCK_CLOEXEC, 0)
  }

  /** @returns whether there was a spare descriptor to close */
  private closeSpare(): boolean {
    if (this.spare < 0) return false
    this.parts.calls.close(this.spare)
    this.spare = -1
    return true
  }
}

const UNKNOWN_PEER = { address: '', port: 0 }

/** @returns -1 where Node's objects have another shape than expected */
function descriptorOf(handle: unknown): number {
  const object = handle instanceof Socket ? (handle as { _handle?: unknown })._handle : handle
  return (object as { fd?: number } | null | undefined)?.fd ?? -1
}
