import { fork, type ChildProcess, type SendHandle } from 'node:child_process'
import type { Readable } from 'node:stream'
import { watchOrphan } from './orphan-watch.js'
import type {
  FromWorker,
  HandedConnection,
  ProcessEnd,
  ToWorker,
  WorkerEvents,
  WorkerProcess,
  WorkerProcesses,
} from '../../ports/workers/worker-processes.js'

/** Worker processes by `child_process.fork`. */
export class ForkedWorkers implements WorkerProcesses {
  /**
   * @param module what they run
   * @param forward takes what they write to their standard output
   */
  constructor(
    private readonly module: URL,
    private readonly forward: (output: Readable) => void,
  ) {}

  start(events: WorkerEvents, orphanedMs: number): WorkerProcess {
    const child = this.fork()
    if (child === null) {
      setImmediate(() => events.ended({ code: null, signal: null }))
      return NO_PROCESS
    }
    if (child.stdout) this.forward(child.stdout)
    child.on('message', (message) => events.received(message as FromWorker))
    return new ForkedWorker(child, events, orphanedMs)
  }

  /** @returns null where the platform lacks what a process takes, and says so at once instead of later */
  private fork(): ChildProcess | null {
    try {
      return fork(this.module, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    } catch {
      return null
    }
  }
}

const NO_PROCESS: WorkerProcess = { pid: 0, send: () => undefined, handOff: () => undefined, kill: () => undefined }

/** How long to wait for the last messages of a process that has exited: one of its own children may hold the line. */
const LAST_MESSAGES_MS = 1000

class ForkedWorker implements WorkerProcess {
  private isOver = false
  private readonly endWatch: () => void

  constructor(
    private readonly child: ChildProcess,
    private readonly events: WorkerEvents,
    orphanedMs: number,
  ) {
    this.endWatch = child.pid === undefined ? () => undefined : watchOrphan(child.pid, orphanedMs)
    child.on('exit', (code, signal) => this.exited({ code, signal }))
    // A process that could not be started never exits; other errors are followed by its exit.
    child.on('error', () => {
      if (child.pid === undefined) this.end({ code: null, signal: null })
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  send(message: ToWorker): void {
    this.post(message)
  }

  handOff(message: ToWorker, { handle }: HandedConnection): void {
    this.post(message, handle as SendHandle)
  }

  kill(): void {
    if (!this.isOver) this.child.kill('SIGKILL')
  }

  /** What it has said before still counts, and may lie unread: that it serves a connection, which nobody else must. */
  private exited(end: ProcessEnd): void {
    this.endWatch()
    if (!this.child.connected) return this.end(end)
    this.child.once('disconnect', () => this.end(end))
    setTimeout(() => this.end(end), LAST_MESSAGES_MS).unref()
  }

  private end(end: ProcessEnd): void {
    if (this.isOver) return
    this.isOver = true
    this.events.ended(end)
  }

  /** What cannot be sent any more was for a process that is about to be known as ended. */
  private post(message: ToWorker, handle?: SendHandle): void {
    if (this.child.connected) this.child.send(message, handle, { keepOpen: true }, () => undefined)
  }
}
