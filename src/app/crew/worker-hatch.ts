import type { Clock } from '../../ports/clock.js'
import type { Address } from '../../ports/transport.js'
import type { HandedConnection, Hatch, SupervisorLine } from '../../ports/workers.js'

/**
 * The connections that the supervisor hands to this worker.
 *
 * One that arrives while it is fresh is served at once, and the supervisor told so. One that lay before us for a while,
 * since our event loop stood still, may have been given to another meanwhile: it is asked for first.
 */
export class WorkerHatch implements Hatch {
  /** Connections asked for, by their numbers. */
  private readonly asked = new Map<number, HandedConnection>()
  private take: (connection: HandedConnection) => void = () => undefined
  private isShut = false
  private tellShut: () => void = () => undefined

  constructor(
    private readonly line: SupervisorLine,
    private readonly clock: Clock,
    readonly address: Address,
  ) {}

  open(take: (connection: HandedConnection) => void): void {
    this.take = take
    this.line.tell({ kind: 'open' })
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => (this.tellShut = resolve))
    if (!this.isShut) this.line.tell({ kind: 'shut' })
    this.tellWhenEmpty()
    return closed
  }

  /** A connection came; null when its peer has left while it was under way. */
  received(number: number, freshUntil: number, connection: HandedConnection | null): void {
    if (connection === null) return this.line.tell({ kind: 'taken', connection: number })
    if (this.clock.machine() <= freshUntil) {
      this.line.tell({ kind: 'taken', connection: number })
      this.take(connection)
    } else {
      this.asked.set(number, connection)
      this.line.tell({ kind: 'wanted', connection: number })
    }
  }

  /** The answer to what was asked for. */
  granted(number: number, granted: boolean): void {
    const connection = this.asked.get(number)
    if (connection === undefined) return
    this.asked.delete(number)
    if (granted) this.take(connection)
    // Our hold of it; another process has one, too.
    else connection.release()
    this.tellWhenEmpty()
  }

  /** No connection follows: the supervisor says so, or is gone. */
  shut(): void {
    this.isShut = true
    this.tellWhenEmpty()
  }

  /** The supervisor is gone, and with it whoever could grant what was asked for. */
  lost(): void {
    for (const connection of this.asked.values()) connection.release()
    this.asked.clear()
    this.shut()
  }

  private tellWhenEmpty(): void {
    if (this.isShut && this.asked.size === 0) this.tellShut()
  }
}
