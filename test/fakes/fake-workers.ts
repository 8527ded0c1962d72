import type {
  FromWorker,
  HandedConnection,
  ProcessEnd,
  ToWorker,
  WorkerEvents,
  WorkerProcess,
  WorkerProcesses,
} from '../../src/ports/workers/worker-processes.js'

/** Answers what a worker is told; calls of the process come in a later turn, as those of a real one do. */
export type Behaviour = (process: FakeWorkerProcess, message: ToWorker, connection: HandedConnection | null) => void

/** A worker process that does what the test says. */
export class FakeWorkerProcess implements WorkerProcess {
  readonly heard: ToWorker[] = []
  /** How it ended; `null` while it is there. */
  end: ProcessEnd | null = null
  /** Whether it does anything at all; one that spins does not. */
  isTurning = true

  constructor(
    readonly pid: number,
    private readonly events: WorkerEvents,
    private readonly behave: Behaviour,
  ) {}

  send(message: ToWorker): void {
    this.hear(message, null)
  }

  handOff(message: ToWorker, connection: HandedConnection): void {
    this.hear(message, connection)
  }

  kill(): void {
    this.endBy({ code: null, signal: 'SIGKILL' })
  }

  /** It tells the supervisor something. */
  say(message: FromWorker): void {
    setImmediate(() => {
      if (this.end === null) this.events.received(message)
    })
  }

  /** It ends. */
  endBy(end: ProcessEnd): void {
    setImmediate(() => {
      if (this.end !== null) return
      this.end = end
      this.events.ended(end)
    })
  }

  /** What it was told of this kind. */
  told<Kind extends ToWorker['kind']>(kind: Kind): Extract<ToWorker, { kind: Kind }>[] {
    return this.heard.filter((message): message is Extract<ToWorker, { kind: Kind }> => message.kind === kind)
  }

  private hear(message: ToWorker, connection: HandedConnection | null): void {
    if (this.end !== null) return
    this.heard.push(message)
    if (this.isTurning) this.behave(this, message, connection)
  }
}

/** Starts worker processes that behave as the test says. */
export class FakeWorkers implements WorkerProcesses {
  /** All that were started, the first of them first. */
  readonly started: FakeWorkerProcess[] = []

  constructor(private readonly behave: Behaviour) {}

  start(events: WorkerEvents): WorkerProcess {
    const process = new FakeWorkerProcess(1000 + this.started.length, events, this.behave)
    this.started.push(process)
    return process
  }
}
