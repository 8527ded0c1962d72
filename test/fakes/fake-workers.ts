import type {
  FromWorker,
  HandedConnection,
  ProcessEnd,
  ToWorker,
  WorkerEvents,
  WorkerProcess,
  WorkerProcesses,
} from '../../src/ports/workers/worker-processes.js'

/** Reacts to the messages that a worker receives. Its own messages arrive in a later turn, as those of a real process do. */
export type Behaviour = (process: FakeWorkerProcess, message: ToWorker, connection: HandedConnection | null) => void

/** A worker process with a behaviour that the test defines. */
export class FakeWorkerProcess implements WorkerProcess {
  /** Messages of the supervisor, in order. */
  readonly received: ToWorker[] = []
  /** How it ended; `null` while it runs. */
  end: ProcessEnd | null = null
  /** Whether its event loop runs; while it is blocked the worker reacts to nothing. */
  isResponsive = true

  constructor(
    readonly pid: number,
    private readonly events: WorkerEvents,
    private readonly behave: Behaviour,
  ) {}

  send(message: ToWorker): void {
    this.receive(message, null)
  }

  handOff(message: ToWorker, connection: HandedConnection): void {
    this.receive(message, connection)
  }

  kill(): void {
    this.endBy({ code: null, signal: 'SIGKILL' })
  }

  /** Sends a message to the supervisor. */
  emit(message: FromWorker): void {
    setImmediate(() => {
      if (this.end === null) this.events.received(message)
    })
  }

  /** Ends the process. */
  endBy(end: ProcessEnd): void {
    setImmediate(() => {
      if (this.end !== null) return
      this.end = end
      this.events.ended(end)
    })
  }

  /** The messages of one kind that it has received. */
  messages<Kind extends ToWorker['kind']>(kind: Kind): Extract<ToWorker, { kind: Kind }>[] {
    return this.received.filter((message): message is Extract<ToWorker, { kind: Kind }> => message.kind === kind)
  }

  private receive(message: ToWorker, connection: HandedConnection | null): void {
    if (this.end !== null) return
    this.received.push(message)
    if (this.isResponsive) this.behave(this, message, connection)
  }
}

/** Starts worker processes with a behaviour that the test defines. */
export class FakeWorkers implements WorkerProcesses {
  /** All processes, in the order in which they were started. */
  readonly started: FakeWorkerProcess[] = []

  constructor(private readonly behave: Behaviour) {}

  start(events: WorkerEvents): WorkerProcess {
    const process = new FakeWorkerProcess(1000 + this.started.length, events, this.behave)
    this.started.push(process)
    return process
  }
}
