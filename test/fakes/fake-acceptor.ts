import type { Address, Listening, ListenError } from '../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../src/ports/workers/worker-processes.js'

/** An accepted connection that records what became of it. */
export class FakeConnection implements HandedConnection {
  readonly handle: object = {}
  fate: 'held' | 'released' | 'aborted' = 'held'

  release(): void {
    this.fate = 'released'
  }

  abort(): void {
    this.fate = 'aborted'
  }

  /** The peer resets its connection. */
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

type Accept = (connection: HandedConnection) => void

/** An acceptor without a network: the test makes the connections. */
export class FakeAcceptor implements Acceptor {
  /** The error that `listen` fails with; `null` to succeed. */
  failure: ListenError | null = null
  private readonly listeners = new Map<Address, Accept>()
  private nextPort = 40_000

  /** The addresses that are bound now, in the order of the calls. */
  get open(): Address[] {
    return [...this.listeners.keys()]
  }

  async listen({ host, port }: Address, accept: Accept): Promise<Listening> {
    const failure = this.failure ?? this.inUse(port)
    if (failure !== null) throw failure
    const address = { host, port: port || this.nextPort++ }
    this.listeners.set(address, accept)
    return { address, close: async () => void this.listeners.delete(address), giveUpAll: () => undefined }
  }

  /** @param to an address that is bound; the latest by default */
  connect(to = this.open.at(-1)): FakeConnection {
    const [, accept] = [...this.listeners].find(([{ port }]) => port === to?.port) ?? []
    if (accept === undefined) throw new Error('Cannot connect: nothing listens')
    const connection = new FakeConnection()
    accept(connection)
    return connection
  }

  private inUse(port: number): ListenError | null {
    if (this.open.every((each) => each.port !== port)) return null
    return Object.assign(new Error(`Cannot listen on ${port}: taken`), { code: 'EADDRINUSE' })
  }
}
