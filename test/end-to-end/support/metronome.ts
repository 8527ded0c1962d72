import { setTimeout } from 'node:timers/promises'
import { RawClient } from './raw-client.js'
import { get } from '../../wire/requests.js'

const BEAT_MS = 4

/** A client that repeats a small request on one connection, and measures the latencies. */
export class Metronome {
  /** A message for each request that failed. */
  readonly failures: string[] = []

  private worst = 0
  private isOver = false
  private readonly running: Promise<void>

  private constructor(
    private readonly client: RawClient,
    private readonly target: string,
  ) {
    this.running = this.run()
  }

  /** Starts a metronome, and waits until the server has learned the cost of its route. */
  static async start(port: number, target = '/light', warmUpMs = 300): Promise<Metronome> {
    const metronome = new Metronome(await RawClient.connect(port), target)
    await setTimeout(warmUpMs)
    metronome.mark()
    return metronome
  }

  /** The longest latency since the last call, in milliseconds. */
  mark(): number {
    const { worst } = this
    this.worst = 0
    return worst
  }

  /** Waits for the request in flight, and stops. Returns the longest latency since the last `mark()`, in milliseconds. */
  async stop(): Promise<number> {
    this.isOver = true
    await this.running
    this.client.close()
    return this.worst
  }

  private async run(): Promise<void> {
    try {
      while (!this.isOver) {
        await this.beat()
        await setTimeout(BEAT_MS)
      }
    } catch (error) {
      this.failures.push(String(error))
    }
  }

  private async beat(): Promise<void> {
    const beganMs = performance.now()
    this.client.send(get(this.target))
    const { status } = await this.client.response()
    this.worst = Math.max(this.worst, performance.now() - beganMs)
    if (status !== 200) this.failures.push(`status ${status}`)
  }
}
