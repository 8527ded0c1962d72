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

/** Time for the last messages of a process that has exited: a child of that process may keep the channel open. */
const LAST_MESSAGES_MS = 1000

/** Starts worker processes with `child_process.fork`. */
export class ForkedWorkers implements WorkerProcesses {
  /**
   * @param module that each process runs
   * @param forward receives the standard output of each process
   * @param lastMessagesMs how long to wait for the messages of a process that has exited
   */
  constructor(
    private readonly module: URL,
    private readonly forward: (output: Readable) => void,
    private readonly lastMessagesMs = LAST_MESSAGES_MS,
  ) {}

  start(events: WorkerEvents, orphanTimeoutMs: number): WorkerProcess {
    const child = this.fork()
    if (child === null) {
      setImmediate(() => events.ended({ code: null, signal: null }))
      return NO_PROCESS
    }
    if (child.stdout) this.forward(child.stdout)
    child.on('message', (message) => events.received(message as FromWorker))
    return new ForkedWorker(child, events, orphanTimeoutMs, this.lastMessagesMs)
  }

  /** @returns null when the platform cannot start a process, such as for lack of descriptors, and throws at once */
  private fork(): ChildProcess | null {
    try {
      return fork(this.module, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    } catch {
      return null
    }
  }
}

const NO_PROCESS: WorkerProcess = { pid: 0, send: () => undefined, handOff: () => undefined, kill: () => undefined }

class ForkedWorker implements WorkerProcess {
  private isOver = false
  private readonly stopWatch: () => void

  constructor(
    private readonly child: ChildProcess,
    private readonly events: WorkerEvents,
    orphanTimeoutMs: number,
    private readonly lastMessagesMs: number,
  ) {
    this.stopWatch = child.pid === undefined ? () => undefined : watchOrphan(child.pid, orphanTimeoutMs)
    child.on('exit', (code, signal) => this.exited({ code, signal }))
    // A process that could not be started emits no `exit`; after any other error `exit` follows.
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

  /**
   * Messages of the process may still be unread, such as that it serves a connection, which then must not go to another
   * worker: they are read before `ended`.
   */
  private exited(end: ProcessEnd): void {
    this.stopWatch()
    if (!this.child.connected) return this.end(end)
    this.child.once('disconnect', () => this.end(end))
    setTimeout(() => this.end(end), this.lastMessagesMs).unref()
  }

  private end(end: ProcessEnd): void {
    if (this.isOver) return
    this.isOver = true
    this.events.ended(end)
  }

  /** Drops the message when the channel is closed: `ended` follows soon. */
  private post(message: ToWorker, handle?: SendHandle): void {
    if (this.child.connected) this.child.send(message, handle, { keepOpen: true }, () => undefined)
  }
}
