import { lookup } from 'node:dns/promises'
import { rmSync } from 'node:fs'
import { unixPath } from '../../../domain/message/authority.js'
import type { Address, Listener, Listening, Transport } from '../../../ports/serving/transport.js'
import { BACKLOG } from '../shared/backlog.js'
import { listenError } from '../shared/listen-error.js'
import { freedUnixPath } from '../shared/unix-socket.js'
import { withPoller, type EpollParts, type EpollTools } from './epoll-parts.js'
import { EpollTransport } from './epoll-transport.js'
import type { Watched } from './poller.js'
import { ADDRESS_OCTETS, endpointOf, ipAddress, keptEndpoint, unixAddress } from './socket-address.js'
import { LINUX, systemError } from './system-calls.js'

/** Connections accepted at a time, before other events are processed. */
const BATCH = 64

/** Pause after an accept that failed for lack of descriptors or memory; connections wait in the kernel's queue meanwhile. */
const SHORTAGE_PAUSE_MS = 100

/** The errors of an accept for which the process or the machine lacks something. Every other error concerns one peer only. */
const SHORTAGES: readonly number[] = [LINUX.EMFILE, LINUX.ENFILE, LINUX.ENOBUFS, LINUX.ENOMEM]

const ON = Int32Array.of(1)
const OFF = Int32Array.of(0)

/** Listens with sockets that are made by Linux system calls. */
export class EpollListener implements Listener {
  readonly name = 'epoll'

  constructor(private readonly tools: EpollTools) {}

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    try {
      const socket = new ListeningSocket(await socketAddress(at), this.tools, accept)
      return { address: socket.address, close: () => socket.close(), giveUpAll: () => undefined }
    } catch (error) {
      throw listenError(at, error as NodeJS.ErrnoException)
    }
  }
}

/** @returns the `sockaddr` to listen on */
async function socketAddress({ host, port }: Address): Promise<Buffer> {
  const path = await freedUnixPath(host)
  if (path !== null) return unixAddress(path)
  if (port < 0 || port > 65_535)
    throw Object.assign(new Error('wanted a port from 0 to 65535'), { code: 'ERR_SOCKET_BAD_PORT' })
  const { address } = await lookup(host)
  return ipAddress(address, port)
}

/** One listening socket, and the poller of its connections. */
class ListeningSocket implements Watched {
  readonly address: Address
  private readonly parts: EpollParts
  private fd = -1
  private retry: NodeJS.Timeout | null = null

  /** @throws {Error} the platform's, when it refuses the address */
  constructor(
    address: Buffer,
    tools: EpollTools,
    private readonly accept: (transport: Transport) => void,
  ) {
    this.parts = withPoller(tools)
    try {
      this.fd = this.socket(address.readUInt16LE(0))
      this.address = this.bind(address)
    } catch (error) {
      this.closeDescriptor()
      throw error
    }
    this.parts.poller.add(this.fd, LINUX.EPOLLIN, this)
  }

  happened(): void {
    for (let accepted = 0; accepted < BATCH && this.acceptNext(); accepted++);
  }

  /** Accepts every connection that the kernel has queued, since closing would reset those. */
  close(): Promise<void> {
    if (this.fd < 0) return Promise.resolve()
    // Bounded, because more may arrive meanwhile.
    for (let queued = BACKLOG; queued > 0 && this.acceptNext(); queued--);
    if (this.retry !== null) clearTimeout(this.retry)
    this.parts.poller.remove(this.fd)
    this.closeDescriptor()
    const path = unixPath(this.address.host)
    if (path !== null) rmSync(path, { force: true })
    return Promise.resolve()
  }

  private closeDescriptor(): void {
    if (this.fd >= 0) this.parts.calls.close(this.fd)
    this.fd = -1
    this.parts.poller.close()
  }

  private socket(family: number): number {
    const { calls } = this.parts
    const fd = calls.socket(family, LINUX.SOCK_STREAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC, 0)
    if (fd < 0) throw systemError('socket', calls.errno())
    return fd
  }

  private bind(address: Buffer): Address {
    const { calls } = this.parts
    const family = address.readUInt16LE(0)
    if (family !== LINUX.AF_UNIX) {
      this.set(LINUX.SOL_SOCKET, LINUX.SO_REUSEADDR, ON)
      // Accepted sockets inherit it. Nagle's algorithm would only delay: octets that belong together are sent in one call.
      this.set(LINUX.IPPROTO_TCP, LINUX.TCP_NODELAY, ON)
    }
    if (family === LINUX.AF_INET6) this.set(LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, OFF)
    if (calls.bind(this.fd, address, address.length) < 0) throw systemError('bind', calls.errno())
    if (calls.listen(this.fd, BACKLOG) < 0) throw systemError('listen', calls.errno())
    const [own, length] = [Buffer.alloc(ADDRESS_OCTETS), Int32Array.of(ADDRESS_OCTETS)]
    if (calls.getsockname(this.fd, own, length) < 0) throw systemError('getsockname', calls.errno())
    const { address: host, port } = endpointOf(own, length[0]!)
    return { host, port }
  }

  private set(level: number, name: number, value: Int32Array): void {
    const { calls } = this.parts
    if (calls.setsockopt(this.fd, level, name, value, 4) < 0) throw systemError('setsockopt', calls.errno())
  }

  /** @returns whether more connections may be queued */
  private acceptNext(): boolean {
    const { calls, buffers } = this.parts
    const { address, number } = buffers
    number[0] = ADDRESS_OCTETS
    const fd = calls.accept4(this.fd, address, number, LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC)
    if (fd < 0) return this.acceptFailed(calls.errno())
    this.accept(new EpollTransport(fd, keptEndpoint(address, number[0]), this.parts))
    return true
  }

  private acceptFailed(errno: number): boolean {
    if (errno === LINUX.EAGAIN) return false
    if (!SHORTAGES.includes(errno)) return true
    if (this.retry !== null) return false
    this.parts.poller.modify(this.fd, 0)
    this.retry = setTimeout(() => {
      this.retry = null
      this.parts.poller.modify(this.fd, LINUX.EPOLLIN)
    }, SHORTAGE_PAUSE_MS)
    return false
  }
}
