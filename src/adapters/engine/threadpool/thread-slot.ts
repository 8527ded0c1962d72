import { RestartBackOff } from '../../../domain/workers/restart-back-off.js'
import type { Clock, Stoppable } from '../../../ports/operations/clock.js'
import type { ThreadHandle } from './thread-handle.js'

/** Starting; at work; ended, with another to come after a delay; or none any more. */
type State = 'starting' | 'ready' | 'delayed' | 'closed'

/** How long one may take to start. */
const START_MS = 60_000

/** The place of one handler thread: when that dies, another takes it. */
export class ThreadSlot {
  /** The one that starts or works here. */
  thread: ThreadHandle | null = null

  private readonly restarts = new RestartBackOff()
  private state: State = 'starting'
  private readyMs = 0
  /** Until the next one starts, or until the one that starts takes too long. */
  private timer: Stoppable | null = null

  /**
   * @param open starts a thread
   * @param late told of one that takes too long to start
   */
  constructor(
    readonly number: number,
    private readonly clock: Clock,
    private readonly open: (number: number) => ThreadHandle,
    private readonly late: (thread: ThreadHandle) => void,
  ) {}

  start(): void {
    this.state = 'starting'
    const thread = this.open(this.number)
    this.thread = thread
    this.timer = this.clock.after(START_MS, () => this.late(thread))
  }

  /** The thread can be handed requests. */
  ready(): void {
    if (this.state === 'closed') return
    this.timer?.stop()
    this.state = 'ready'
    this.readyMs = this.clock.now()
    this.restarts.started(this.readyMs)
  }

  /**
   * The thread is gone, or could not start. Unless the place is closed, another follows.
   *
   * @returns in how many milliseconds
   */
  died(): number {
    const now = this.clock.now()
    const delayMs = this.restarts.died(now, this.state === 'ready' ? now - this.readyMs : 0)
    this.thread = null
    this.timer?.stop()
    if (this.state === 'closed') return 0
    this.state = 'delayed'
    this.timer = this.clock.after(delayMs, () => this.start())
    return delayMs
  }

  /** Whether threads die here as soon as they start. */
  get isLooping(): boolean {
    return this.restarts.isLooping(this.clock.now())
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  /** Whether requests may wait for the thread: it is there, or will be soon. */
  get isPromising(): boolean {
    return this.isReady || (this.state !== 'closed' && !this.isLooping)
  }

  /** No other thread follows. */
  close(): void {
    this.state = 'closed'
    this.timer?.stop()
  }
}
