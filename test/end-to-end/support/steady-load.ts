import { setTimeout } from 'node:timers/promises'
import { RawClient } from './raw-client.js'
import { get } from '../../wire/requests.js'
import { valueOf } from './response-reader.js'

/**
 * What the failure of a new connection without a single octet begins with: the kernel may have taken it for a listener
 * that closed before it did.
 */
export const NOT_TAKEN = 'not taken'

/** How long a client waits before it asks again: clients that never rest would leave what is tested no processor. */
const PAUSE_MS = 5

/** What some clients met with, all together. */
export class Tally {
  answered = 0
  /** What went wrong, one line each. */
  readonly failures: string[] = []
  /** Of single requests, a new connection included where one was needed. */
  longestMs = 0
}

/**
 * Clients that ask again and again over connections that persist, and connect anew where the server says `close`.
 *
 * A connection that ends without that word fails the request that was under way on it; nothing is tried twice.
 */
export class SteadyLoad {
  readonly tally = new Tally()
  private readonly running: Promise<unknown>
  private isOver = false

  /** @param target gives the target of each request */
  constructor(
    private readonly port: number,
    clients: number,
    private readonly target: () => string = () => '/plain',
  ) {
    this.running = Promise.all(Array.from({ length: clients }, () => this.ask()))
  }

  /** Lets the requests under way come to their end. */
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
        const wasTaken = !isNew || (client?.unreadOctets ?? 0) > 0
        const message = error instanceof Error ? error.message.slice(0, 200) : String(error)
        this.tally.failures.push(wasTaken ? message : `${NOT_TAKEN}: ${message}`)
        client = closed(client)
      }
      this.tally.longestMs = Math.max(this.tally.longestMs, performance.now() - beganMs)
      await setTimeout(PAUSE_MS)
    }
    closed(client)
  }

  /** @returns whether the connection persists */
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
