import { setTimeout } from 'node:timers/promises'
import { RawClient } from './raw-client.js'
import { get } from '../../wire/requests.js'

const BEAT_MS = 4

/** A client that asks for the same little thing again and again over one connection, and notes how long each takes. */
export class Metronome {
  /** What went wrong, one line each. */
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

  /** One that has been at it for so long, after which the server knows what its route costs. */
  static async start(port: number, target = '/light', warmUpMs = 300): Promise<Metronome> {
    const metronome = new Metronome(await RawClient.connect(port), target)
    await setTimeout(warmUpMs)
    metronome.mark()
    return metronome
  }

  /** The longest of its round trips since it was asked last, in milliseconds. */
  mark(): number {
    const { worst } = this
    this.worst = 0
    return worst
  }

  /** The longest of its round trips since it was asked last; the one under way is waited for. */
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
