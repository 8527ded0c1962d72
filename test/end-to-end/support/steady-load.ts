import { setTimeout } from 'node:timers/promises'
import { get } from '../../wire/requests.js'
import { valueOf } from '../../wire/response-parser.js'
import { RawClient } from './raw-client.js'

/**
 * The beginning of a failure message when a new connection failed before the server sent an octet: the kernel may have
 * accepted the connection for a listener that closed before it did.
 */
export const NOT_ACCEPTED = 'not accepted'

/** The pause of a client between two requests. Without it, the clients would leave no processor time to the server. */
const PAUSE_MS = 5

/** The results of all clients together. */
export class Tally {
  answered = 0
  /** A message for each request that failed. */
  readonly failures: string[] = []
  /** The longest time of a request, including its new connection if it needed one. */
  longestMs = 0
}

/**
 * Clients that send requests over persistent connections, and connect again after a response with `Connection: close`.
 *
 * A connection that ends without such a response fails its request. No client sends a request twice.
 */
export class SteadyLoad {
  readonly tally = new Tally()
  private readonly running: Promise<unknown>
  private isOver = false

  /** @param target returns the target of each request */
  constructor(
    private readonly port: number,
    clients: number,
    private readonly target: () => string = () => '/plain',
  ) {
    this.running = Promise.all(Array.from({ length: clients }, () => this.ask()))
  }

  /** Waits for the requests in flight, and sends no more. */
  async stop(): Promise<Tally> {
    this.isOver = true
    await this.running
    return this.tally
  }

  private async ask(): Promise<void> {
    let client: RawClient | null = null
    while (!this.isOver) {
      const beganMs = performance.now()
      const isNew = client === null
      try {
        client ??= await RawClient.connect(this.port)
        if (!(await this.exchange(client))) client = closed(client)
      } catch (error) {
        const wasAccepted = !isNew || (client?.unreadOctets ?? 0) > 0
        const message = error instanceof Error ? error.message.slice(0, 200) : String(error)
        this.tally.failures.push(wasAccepted ? message : `${NOT_ACCEPTED}: ${message}`)
        client = closed(client)
      }
      this.tally.longestMs = Math.max(this.tally.longestMs, performance.now() - beganMs)
      await setTimeout(PAUSE_MS)
    }
    closed(client)
  }

  /** Sends a request and reads its response. Returns whether the connection persists. */
  private async exchange(client: RawClient): Promise<boolean> {
    client.send(get(this.target()))
    const response = await client.response()
    if (response.status === 200) this.tally.answered++
    else this.tally.failures.push(`status ${response.status}`)
    return valueOf(response, 'connection') !== 'close'
  }
}

function closed(client: RawClient | null): null {
  client?.close()
  return null
}
