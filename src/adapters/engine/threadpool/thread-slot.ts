import { RestartBackOff } from '../../../domain/workers/restart-back-off.js'
import type { Clock, Stoppable } from '../../../ports/operations/clock.js'
import type { ThreadHandle } from './thread-handle.js'
import type { ThreadpoolTimings } from './timings.js'

/** `delayed`: the thread was lost, and the next one starts after a delay. `closed`: no further thread starts. */
type State = 'starting' | 'ready' | 'delayed' | 'closed'

/** Starts and supervises the threads of one slot. */
export interface SlotOwner {
  /** Starts a thread with this number. */
  startThread(number: number): ThreadHandle
  /** A thread has taken too long to start. */
  startOverdue(thread: ThreadHandle): void
}

/** A slot of the pool: it has one thread at a time, and replaces it when it is lost. */
export class ThreadSlot {
  /** The thread that is starting or ready; null while the replacement is delayed. */
  thread: ThreadHandle | null = null

  private readonly backOff: RestartBackOff
  private state: State = 'starting'
  private readyMs = 0
  /** Ends the delay before the next thread, or the time that the thread may take to start. */
  private timer: Stoppable | null = null

  constructor(
    readonly number: number,
    private readonly clock: Clock,
    private readonly timings: ThreadpoolTimings,
    private readonly owner: SlotOwner,
  ) {
    this.backOff = new RestartBackOff(timings.restart)
  }

  /** Starts a thread. */
  start(): void {
    this.state = 'starting'
    const thread = this.owner.startThread(this.number)
    this.thread = thread
    this.timer = this.clock.after(this.timings.startMs, () => this.owner.startOverdue(thread))
  }

  /** The thread has started. */
  ready(): void {
    if (this.state === 'closed') return
    this.timer?.stop()
    this.state = 'ready'
    this.readyMs = this.clock.now()
    this.backOff.started(this.readyMs)
  }

  /**
   * The thread was lost, or could not start. Unless the slot is closed, another thread is started after a delay.
   *
   * @returns the delay in milliseconds
   */
  lost(): number {
    const now = this.clock.now()
    const delayMs = this.backOff.died(now, this.state === 'ready' ? now - this.readyMs : 0)
    this.thread = null
    this.timer?.stop()
    if (this.state === 'closed') return 0
    this.state = 'delayed'
    this.timer = this.clock.after(delayMs, () => this.start())
    return delayMs
  }

  /** Whether the threads of the slot are lost again and again soon after they start. */
  get isCrashLooping(): boolean {
    return this.backOff.isLooping(this.clock.now())
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  /** Whether requests may wait for the thread: it is ready, or is expected to be ready soon. */
  get acceptsRequests(): boolean {
    return this.isReady || (this.state !== 'closed' && !this.isCrashLooping)
  }

  /** Starts no further thread. */
  close(): void {
    this.state = 'closed'
    this.timer?.stop()
  }
}
