import type { Address, Listening, ListenError } from '../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../src/ports/workers/worker-processes.js'

/** A connection that came to a door, and what has become of it. */
export class FakeConnection implements HandedConnection {
  readonly handle: object = {}
  fate: 'held' | 'released' | 'aborted' = 'held'

  release(): void {
    this.fate = 'released'
  }

  abort(): void {
    this.fate = 'aborted'
  }

  /** The peer leaves. */
  reset(): void {}

  /** Whether the peer saw its end. */
  get ended(): boolean {
    return this.fate === 'released'
  }

  /** Whether the peer saw a reset. */
  get cut(): boolean {
    return this.fate === 'aborted'
  }
}

type Arrived = (connection: HandedConnection) => void

/** A door without a network: the test comes to it. */
export class FakeDoor implements Acceptor {
  /** What `listen` fails with, `null` to succeed. */
  failure: ListenError | null = null
  readonly #open = new Map<Address, Arrived>()
  #ports = 40_000

  /** Where it listens now, in the order of the calls. */
  get open(): Address[] {
    return [...this.#open.keys()]
  }

  async listen({ host, port }: Address, arrived: Arrived): Promise<Listening> {
    const failure = this.failure ?? this.#taken(port)
    if (failure !== null) throw failure
    const address = { host, port: port || this.#ports++ }
    this.#open.set(address, arrived)
    return { address, close: async () => void this.#open.delete(address), cut: () => undefined }
  }

  /** @param to where it listens; the latest address unless told */
  connect(to = this.open.at(-1)): FakeConnection {
    const [, arrived] = [...this.#open].find(([{ port }]) => port === to?.port) ?? []
    if (arrived === undefined) throw new Error('Cannot connect: nobody listens')
    const connection = new FakeConnection()
    arrived(connection)
    return connection
  }

  #taken(port: number): ListenError | null {
    if (this.open.every((each) => each.port !== port)) return null
    return Object.assign(new Error(`Cannot listen on ${port}: taken`), { code: 'EADDRINUSE' })
  }
}
