import { createRequire } from 'node:module'
import { getSystemErrorMap } from 'node:util'

/**
 * The Linux system calls that sockets need, through koffi.
 *
 * All of them return at once: the sockets do not block, and `epoll_wait` is called with a timeout of 0. So the kernel uses
 * the memory that a call is given only until that call returns.
 */
export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  listen(fd: number, backlog: number): number
  accept4(fd: number, address: Uint8Array, length: Int32Array, flags: number): number
  getsockname(fd: number, address: Uint8Array, length: Int32Array): number
  getpeername(fd: number, address: Uint8Array, length: Int32Array): number
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number
  recv(fd: number, into: Uint8Array, length: number, flags: number): number
  send(fd: number, octets: Uint8Array, length: number, flags: number): number
  pread(fd: number, into: Uint8Array, length: number, offset: number): number
  sendfile(to: number, from: number, offset: BigInt64Array, count: number): number
  shutdown(fd: number, how: number): number
  close(fd: number): number
  fcntl(fd: number, command: number, argument: number): number
  ioctl(fd: number, request: number, value: Int32Array): number
  pipe2(fds: Int32Array, flags: number): number
  epoll_create1(flags: number): number
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint32Array): number
  epoll_wait(epoll: number, events: Uint32Array, max: number, timeoutMs: number): number
  /** The error of the last call that returned -1. */
  errno(): number
}

/** The declarations that koffi reads. `_In_` makes koffi pass the address of the memory; the kernel may write there too. */
const DECLARATIONS: Readonly<Record<Exclude<keyof SystemCalls, 'errno'>, string>> = {
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, _In_ void *, uint32_t)',
  listen: 'int listen(int, int)',
  accept4: 'int accept4(int, _In_ void *, _In_ void *, int)',
  getsockname: 'int getsockname(int, _In_ void *, _In_ void *)',
  getpeername: 'int getpeername(int, _In_ void *, _In_ void *)',
  setsockopt: 'int setsockopt(int, int, int, _In_ void *, uint32_t)',
  recv: 'int recv(int, _In_ void *, size_t, int)',
  send: 'int send(int, _In_ void *, size_t, int)',
  pread: 'int pread(int, _In_ void *, size_t, int64_t)',
  sendfile: 'int sendfile(int, int, _In_ void *, size_t)',
  shutdown: 'int shutdown(int, int)',
  close: 'int close(int)',
  fcntl: 'int fcntl(int, int, int)',
  ioctl: 'int ioctl(int, unsigned long, _In_ void *)',
  pipe2: 'int pipe2(_In_ void *, int)',
  epoll_create1: 'int epoll_create1(int)',
  epoll_ctl: 'int epoll_ctl(int, int, int, _In_ void *)',
  epoll_wait: 'int epoll_wait(int, _In_ void *, int, int)',
}

interface Koffi {
  readonly version: string
  load(library: null): { func(declaration: string): unknown }
  errno(): number
}

/** Constants of Linux, with the values of asm-generic, which hold for x64 and arm64. */
export const LINUX = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_LINGER: 13,
  IPPROTO_TCP: 6,
  TCP_NODELAY: 1,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  MSG_NOSIGNAL: 0x4000,
  MSG_MORE: 0x8000,
  SHUT_WR: 1,
  SIOCOUTQ: 0x5411,
  F_DUPFD_CLOEXEC: 1030,
  EPOLL_CLOEXEC: 0o2000000,
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
  EPOLL_CTL_MOD: 3,
  EPOLLIN: 1,
  EPOLLOUT: 4,
  EPOLLERR: 8,
  EPOLLHUP: 16,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSYS: 38,
  EOPNOTSUPP: 95,
  ENOBUFS: 105,
} as const

const PROCESSORS = ['x64', 'arm64']

/** The system calls, and the package that makes them. */
export interface LoadedCalls {
  readonly calls: SystemCalls
  /** Such as `koffi 3.3.4`. */
  readonly through: string
}

/**
 * Loads koffi and binds the system calls.
 *
 * @throws {Error} that says why this is not possible here
 */
export function loadSystemCalls(): LoadedCalls {
  if (process.platform !== 'linux') throw new Error(`this system is ${process.platform}, not linux`)
  if (!PROCESSORS.includes(process.arch))
    throw new Error(`this processor is ${process.arch}, not ${PROCESSORS.join(' or ')}`)
  const koffi = loadKoffi()
  // null: the C library that this process already runs on, glibc or musl.
  const library = koffi.load(null)
  const declared = Object.entries(DECLARATIONS).map(([name, text]) => [name, library.func(text)])
  const calls = { ...Object.fromEntries(declared), errno: () => koffi.errno() } as SystemCalls
  return { calls, through: `koffi ${koffi.version}` }
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(code === 'MODULE_NOT_FOUND' ? 'the package koffi is not installed' : message, { cause: error })
  }
}

/** Describes the failure of a system call; `code` is the platform's, such as `EADDRINUSE`. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const [code, meaning] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error']
  return Object.assign(new Error(`${call}: ${meaning} (${code})`), { code, errno: -errno, syscall: call })
}
