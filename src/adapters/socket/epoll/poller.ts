import { watchReadiness, type Readiness } from './readiness.js'
import { LINUX, systemError, type SystemCalls } from './system-calls.js'

/** The owner of a descriptor that the poller watches. */
export interface Watched {
  /** @param events those of EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP that hold for the descriptor */
  happened(events: number): void
}

/** Events fetched at a time. The rest is fetched in the next turn of the event loop, so that timers run in between. */
const BATCH = 256

/** Words of an epoll_event: x64 packs its 64 bits of data directly after the 32 of events, other processors align them. */
const STRIDE = process.arch === 'x64' ? 3 : 4
const DATA = STRIDE - 2

/**
 * One epoll instance, level-triggered, inside the event loop of Node.
 *
 * The kernel can give the number of a closed descriptor to a new connection at once, while events of the old one are still
 * in the batch. So each event carries the generation of its watch beside the descriptor, and events of a past generation
 * are dropped. The owner of a descriptor must call `remove` before it closes it: the kernel ends a watch only when no other
 * process has the socket open, as the supervisor may for a moment.
 */
export class Poller {
  private readonly calls: SystemCalls
  private readonly epoll: number
  private readonly readiness: Readiness
  private readonly timer: NodeJS.Timeout
  private readonly events = new Uint32Array(BATCH * STRIDE)
  private readonly event = new Uint32Array(STRIDE)
  /** By descriptor. */
  private readonly watched: (Watched | null)[] = []
  private readonly generations: number[] = []
  private generation = 0
  private count = 0
  private isClosing = false

  /**
   * @param selectTimeoutMs interval at which it polls even if nothing wakes the event loop
   * @throws {Error} when the platform refuses an epoll instance
   */
  constructor(calls: SystemCalls, selectTimeoutMs: number) {
    this.calls = calls
    this.epoll = calls.epoll_create1(LINUX.EPOLL_CLOEXEC)
    if (this.epoll < 0) throw systemError('epoll_create1', calls.errno())
    this.readiness = watchReadiness(calls, this.epoll, () => this.poll())
    this.timer = setInterval(() => this.poll(), selectTimeoutMs).unref()
  }

  /** Watches a descriptor. The process stays alive while any is watched. */
  add(fd: number, events: number, watched: Watched): void {
    while (this.watched.length <= fd) {
      this.watched.push(null)
      this.generations.push(0)
    }
    this.generation = (this.generation + 1) & 0x3fffffff
    this.watched[fd] = watched
    this.generations[fd] = this.generation
    this.control(LINUX.EPOLL_CTL_ADD, fd, events)
    if (this.count++ === 0) this.readiness.hold()
  }

  /** @param events EPOLLERR and EPOLLHUP are reported in any case */
  modify(fd: number, events: number): void {
    this.control(LINUX.EPOLL_CTL_MOD, fd, events)
  }

  /** Reports no event of the descriptor until `resume`, not even EPOLLERR and EPOLLHUP. */
  suspend(fd: number): void {
    this.control(LINUX.EPOLL_CTL_DEL, fd, 0)
  }

  resume(fd: number, events: number): void {
    this.control(LINUX.EPOLL_CTL_ADD, fd, events)
  }

  /** Ends the watch. Events of it that are already in the batch are dropped. */
  remove(fd: number): void {
    // Fails for a suspended descriptor, which epoll does not have any more.
    this.calls.epoll_ctl(this.epoll, LINUX.EPOLL_CTL_DEL, fd, this.event)
    this.watched[fd] = null
    if (--this.count > 0) return
    if (this.isClosing) this.end()
    else this.readiness.release()
  }

  /** Closes as soon as nothing is watched; nothing may be added after this call. */
  close(): void {
    if (this.isClosing) return
    this.isClosing = true
    if (this.count === 0) this.end()
  }

  private end(): void {
    clearInterval(this.timer)
    this.readiness.close()
  }

  private control(operation: number, fd: number, events: number): void {
    this.event[0] = events
    this.event[DATA] = fd
    this.event[DATA + 1] = this.generations[fd]!
    if (this.calls.epoll_ctl(this.epoll, operation, fd, this.event) < 0)
      throw systemError('epoll_ctl', this.calls.errno())
  }

  /** An error thrown by `happened` ends the batch; epoll reports the rest again in the next turn of the event loop. */
  private poll(): void {
    const { events } = this
    const count = this.calls.epoll_wait(this.epoll, events, BATCH, 0)
    for (let at = 0, end = count * STRIDE; at < end; at += STRIDE) {
      const fd = events[at + DATA]!
      if (this.generations[fd] === events[at + DATA + 1]) this.watched[fd]?.happened(events[at]!)
    }
  }
}
