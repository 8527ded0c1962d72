import type { Address, Listening, ListenError } from '../../src/ports/transport.js'
import type { Door, HandedConnection } from '../../src/ports/workers.js'

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
}

/** A door without a network: the test comes to it. */
export class FakeDoor implements Door {
  /** What `listen` fails with, `null` to succeed. */
  failure: ListenError | null = null
  /** Where it listens now, in the order of the calls. */
  readonly open: Address[] = []
  #arrived: ((connection: HandedConnection) => void) | null = null

  async listen(at: Address, arrived: (connection: HandedConnection) => void): Promise<Listening> {
    if (this.failure !== null) throw this.failure
    const address = { host: at.host, port: at.port || 40_000 }
    this.open.push(address)
    this.#arrived = arrived
    return { address, close: async () => this.#close(address) }
  }

  connect(): FakeConnection {
    const connection = new FakeConnection()
    this.#arrived!(connection)
    return connection
  }

  #close(address: Address): void {
    const at = this.open.indexOf(address)
    if (at !== -1) this.open.splice(at, 1)
  }
}
