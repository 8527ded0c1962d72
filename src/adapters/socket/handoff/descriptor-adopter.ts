import { Socket } from 'node:net'
import type { Transport } from '../../../ports/serving/transport.js'
import type { HandedConnection } from '../../../ports/workers/worker-processes.js'
import type { ConnectionAdopter } from './handed-listener.js'
import { withPoller, type EpollParts, type EpollTools } from '../epoll/epoll-parts.js'
import { EpollTransport } from '../epoll/epoll-transport.js'
import { ADDRESS_OCTETS, keptEndpoint } from '../epoll/socket-address.js'
import { LINUX } from '../epoll/system-calls.js'

const ON = Int32Array.of(1)

/** Serves connections that were handed over by a descriptor of our own for each: Node keeps and closes the other. */
export class DescriptorAdopter implements ConnectionAdopter {
  readonly name = 'epoll'
  private readonly parts: EpollParts
  /** A descriptor to give up when there is none for a connection, until Node has closed its own; -1 for none. */
  private spare: number

  /** @throws {Error} when there can be no poller */
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
    // One that is gone already has no peer, and the first read of it will tell.
    const peer = calls.getpeername(fd, address, number) < 0 ? NOBODY : keptEndpoint(address, number[0])
    connection.release()
    if (this.spare < 0) this.spare = this.reserve()
    calls.setsockopt(fd, LINUX.IPPROTO_TCP, LINUX.TCP_NODELAY, ON, 4)
    accept(new EpollTransport(fd, peer, this.parts))
  }

  close(): Promise<void> {
    this.giveSpare()
    this.parts.poller.close()
    return Promise.resolve()
  }

  cut(): void {}

  /** @returns -1 when there is none */
  private duplicate(fd: number): number {
    const { calls } = this.parts
    const own = calls.fcntl(fd, LINUX.F_DUPFD_CLOEXEC, 0)
    if (own >= 0 || !this.giveSpare()) return own
    return calls.fcntl(fd, LINUX.F_DUPFD_CLOEXEC, 0)
  }

  private reserve(): number {
    return this.parts.calls.socket(LINUX.AF_INET, LINUX.SOCK_STREAM | LINUX.SOCK_CLOEXEC, 0)
  }

  /** @returns whether there was one */
  private giveSpare(): boolean {
    if (this.spare < 0) return false
    this.parts.calls.close(this.spare)
    this.spare = -1
    return true
  }
}

const NOBODY = { address: '', port: 0 }

/** -1 where Node's objects look different. */
function descriptorOf(handle: unknown): number {
  const object = handle instanceof Socket ? (handle as { _handle?: unknown })._handle : handle
  return (object as { fd?: number } | null | undefined)?.fd ?? -1
}
