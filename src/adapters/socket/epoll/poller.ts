import { watchReadiness, type Readiness } from './readiness.js'
import { LINUX, systemError, type SystemCalls } from './system-calls.js'

/** Something with a descriptor. */
export interface Watched {
  /** @param events those of EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP that are there */
  happened(events: number): void
}

/** Events taken at a time. What is left over comes in the next turn, so that timers have theirs in between. */
const BATCH = 256

/** Words of an epoll_event: x64 packs its 64 bits of data behind 32 of events, others align them. */
const STRIDE = process.arch === 'x64' ? 3 : 4
const DATA = STRIDE - 2

/**
 * One epoll instance, level-triggered, inside the event loop of Node.
 *
 * A descriptor that is closed may at once be that of a new connection, while events of the old one are still in the
 * batch: so each event carries the generation of its watch beside the descriptor, and one of a past generation is
 * nobody's. Who closes a descriptor ends the watch first. The kernel would do so by itself only when no other process
 * has the socket, as the supervisor may for a moment.
 */
export class Poller {
  readonly #calls: SystemCalls
  readonly #epoll: number
  readonly #readiness: Readiness
  readonly #looking: NodeJS.Timeout
  readonly #events = new Uint32Array(BATCH * STRIDE)
  readonly #event = new Uint32Array(STRIDE)
  /** By descriptor. */
  readonly #watched: (Watched | null)[] = []
  readonly #generations: number[] = []
  #generation = 0
  #count = 0
  #closing = false

  /**
   * @param selectTimeoutMs after so long it looks by itself, should nothing wake the event loop
   * @throws {Error} when there can be none
   */
  constructor(calls: SystemCalls, selectTimeoutMs: number) {
    this.#calls = calls
    this.#epoll = calls.epoll_create1(LINUX.EPOLL_CLOEXEC)
    if (this.#epoll < 0) throw systemError('epoll_create1', calls.errno())
    this.#readiness = watchReadiness(calls, this.#epoll, () => this.#poll())
    this.#looking = setInterval(() => this.#poll(), selectTimeoutMs).unref()
  }

  /** Watches a descriptor. While any is watched, the process lives. */
  add(fd: number, events: number, watched: Watched): void {
    while (this.#watched.length <= fd) {
      this.#watched.push(null)
      this.#generations.push(0)
    }
    this.#generation = (this.#generation + 1) & 0x3fffffff
    this.#watched[fd] = watched
    this.#generations[fd] = this.#generation
    this.#control(LINUX.EPOLL_CTL_ADD, fd, events)
    if (this.#count++ === 0) this.#readiness.hold()
  }

  /** EPOLLERR and EPOLLHUP are always told. */
  modify(fd: number, events: number): void {
    this.#control(LINUX.EPOLL_CTL_MOD, fd, events)
  }

  /** Tells nothing of it until `resume`, not even what is always told. */
  suspend(fd: number): void {
    this.#control(LINUX.EPOLL_CTL_DEL, fd, 0)
  }

  resume(fd: number, events: number): void {
    this.#control(LINUX.EPOLL_CTL_ADD, fd, events)
  }

  /** Events of it that are in the batch already will not be told. */
  remove(fd: number): void {
    // One that is suspended is not there.
    this.#calls.epoll_ctl(this.#epoll, LINUX.EPOLL_CTL_DEL, fd, this.#event)
    this.#watched[fd] = null
    if (--this.#count > 0) return
    if (this.#closing) this.#end()
    else this.#readiness.letGo()
  }

  /** Nothing is added any more: closes as soon as nothing is watched. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#count === 0) this.#end()
  }

  #end(): void {
    clearInterval(this.#looking)
    this.#readiness.close()
  }

  #control(operation: number, fd: number, events: number): void {
    this.#event[0] = events
    this.#event[DATA] = fd
    this.#event[DATA + 1] = this.#generations[fd]!
    if (this.#calls.epoll_ctl(this.#epoll, operation, fd, this.#event) < 0)
      throw systemError('epoll_ctl', this.#calls.errno())
  }

  /** An error that somebody throws ends the batch; what is left of it is there again in the next turn. */
  #poll(): void {
    const events = this.#events
    const count = this.#calls.epoll_wait(this.#epoll, events, BATCH, 0)
    for (let at = 0, end = count * STRIDE; at < end; at += STRIDE) {
      const fd = events[at + DATA]!
      if (this.#generations[fd] === events[at + DATA + 1]) this.#watched[fd]?.happened(events[at]!)
    }
  }
}
