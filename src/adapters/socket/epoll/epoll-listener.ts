import { lookup } from 'node:dns/promises'
import { rmSync } from 'node:fs'
import type { Address, Listener, Listening, Transport } from '../../../ports/serving/transport.js'
import { listenError } from '../shared/listen-error.js'
import { removeStale, unixPath } from '../shared/unix-socket.js'
import { EpollTransport, withPoller, type EpollParts, type EpollTools } from './epoll-transport.js'
import type { Watched } from './poller.js'
import { ADDRESS_OCTETS, endpointOf, ipAddress, keptEndpoint, unixAddress } from './socket-address.js'
import { LINUX, systemError } from './system-calls.js'

/** Connections that the kernel may hold for us until we take them; it cuts this to its own bound. */
const BACKLOG = 4096

/** Connections taken at a time. */
const BATCH = 64

/** For how long none is taken when there is no descriptor for it; they wait with the kernel. */
const NO_DESCRIPTOR_MS = 100

/** Why nobody can be taken now: asking again at once would do nothing else. Other errors are of one peer. */
const WANTS: readonly number[] = [LINUX.EMFILE, LINUX.ENFILE, LINUX.ENOBUFS, LINUX.ENOMEM]

const ON = Int32Array.of(1)
const OFF = Int32Array.of(0)

/** Sockets by system calls of Linux. */
export class EpollListener implements Listener {
  readonly name = 'epoll'

  constructor(private readonly tools: EpollTools) {}

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    try {
      const socket = new ListeningSocket(await boundTo(at), this.tools, accept)
      return { address: socket.address, close: () => socket.close(), cut: () => undefined }
    } catch (error) {
      throw listenError(at, error as NodeJS.ErrnoException)
    }
  }
}

/** The `sockaddr` of where to listen. */
async function boundTo({ host, port }: Address): Promise<Buffer> {
  const path = unixPath(host)
  if (path !== null) {
    await removeStale(path)
    return unixAddress(path)
  }
  if (port < 0 || port > 65_535)
    throw Object.assign(new Error('wanted a port from 0 to 65535'), { code: 'ERR_SOCKET_BAD_PORT' })
  const { address } = await lookup(host)
  return ipAddress(address, port)
}

/** One listening socket. */
class ListeningSocket implements Watched {
  readonly address: Address
  private readonly parts: EpollParts
  private fd = -1
  private retry: NodeJS.Timeout | null = null

  /** @throws {Error} the platform's, when the address cannot be had */
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
      this.leave()
      throw error
    }
    this.parts.poller.add(this.fd, LINUX.EPOLLIN, this)
  }

  happened(): void {
    for (let taken = 0; taken < BATCH && this.takeOne(); taken++);
  }

  /** Takes all that the kernel holds for us: what is still there would be reset. */
  close(): Promise<void> {
    if (this.fd < 0) return Promise.resolve()
    // Those that arrive meanwhile come too late.
    for (let held = BACKLOG; held > 0 && this.takeOne(); held--);
    if (this.retry !== null) clearTimeout(this.retry)
    this.parts.poller.remove(this.fd)
    this.leave()
    const path = unixPath(this.address.host)
    if (path !== null) rmSync(path, { force: true })
    return Promise.resolve()
  }

  private leave(): void {
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
      // Those that are taken inherit it: what belongs together leaves in one call.
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

  /** @returns whether there may be more */
  private takeOne(): boolean {
    const { calls, buffers } = this.parts
    const { address, number } = buffers
    number[0] = ADDRESS_OCTETS
    const fd = calls.accept4(this.fd, address, number, LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC)
    if (fd < 0) return this.failed(calls.errno())
    this.accept(new EpollTransport(fd, keptEndpoint(address, number[0]), this.parts))
    return true
  }

  private failed(errno: number): boolean {
    if (errno === LINUX.EAGAIN) return false
    if (!WANTS.includes(errno)) return true
    if (this.retry !== null) return false
    this.parts.poller.modify(this.fd, 0)
    this.retry = setTimeout(() => {
      this.retry = null
      this.parts.poller.modify(this.fd, LINUX.EPOLLIN)
    }, NO_DESCRIPTOR_MS)
    return false
  }
}
