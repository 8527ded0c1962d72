import type { Clock } from '../../ports/clock.js'
import type { Address } from '../../ports/transport.js'
import type { Hatch, SupervisorLine } from '../../ports/workers.js'

/**
 * The connections that the supervisor hands to this worker.
 *
 * One that arrives while it is fresh is served at once, and the supervisor told so. One that lay before us for a while,
 * since our event loop stood still, may have been given to another meanwhile: it is asked for first.
 */
export class WorkerHatch implements Hatch {
  /** Connections asked for, with their handles. */
  private readonly asked = new Map<number, unknown>()
  private take: (handle: unknown) => void = () => undefined
  private isShut = false
  private tellShut: () => void = () => undefined

  constructor(
    private readonly line: SupervisorLine,
    private readonly clock: Clock,
    readonly address: Address,
  ) {}

  open(take: (handle: unknown) => void): void {
    this.take = take
    this.line.tell({ kind: 'open' })
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => (this.tellShut = resolve))
    if (this.isShut) this.tellShut()
    else this.line.tell({ kind: 'shut' })
    return closed
  }

  /** A connection came. */
  received(connection: number, freshUntil: number, handle: unknown): void {
    // Its peer has left while it was under way.
    if (handle === undefined || handle === null) return this.line.tell({ kind: 'taken', connection })
    if (this.clock.wall() <= freshUntil) {
      this.line.tell({ kind: 'taken', connection })
      this.take(handle)
    } else {
      this.asked.set(connection, handle)
      this.line.tell({ kind: 'wanted', connection })
    }
  }

  /** The answer to what was asked for. */
  granted(connection: number, granted: boolean): void {
    const handle = this.asked.get(connection)
    this.asked.delete(connection)
    if (granted) this.take(handle)
    else letGo(handle)
    this.tellWhenEmpty()
  }

  /** No connection follows: the supervisor says so, or is gone. */
  shut(): void {
    this.isShut = true
    this.tellWhenEmpty()
  }

  /** The supervisor is gone, and with it whoever could grant what was asked for. */
  lost(): void {
    for (const handle of this.asked.values()) letGo(handle)
    this.asked.clear()
    this.shut()
  }

  private tellWhenEmpty(): void {
    if (this.isShut && this.asked.size === 0) this.tellShut()
  }
}

/** Our hold of it; another process has one, too. */
function letGo(handle: unknown): void {
  ;(handle as { close?(): void; destroy?(): void }).close?.()
}
