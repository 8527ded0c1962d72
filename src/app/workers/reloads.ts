import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { Configuration, LoadedConfiguration } from '../configuration.js'
import { messageOf } from '../message-of.js'
import type { Generation, Generations } from './generations.js'
import type { SupervisorListeners } from './supervisor-listeners.js'
import type { WorkerHandle } from './worker-handle.js'
import type { WorkerSlots } from './worker-slots.js'

/** The collaborators of `Reloads`. */
export interface ReloadsParts {
  readonly log: EventLog
  /** Reads the settings again from their sources. */
  readonly load: () => Promise<LoadedConfiguration>
  readonly generations: Generations
  readonly listeners: SupervisorListeners
  readonly slots: WorkerSlots
  readonly spawn: (worker: number, generation: Generation) => WorkerHandle
}

/**
 * Reloads of the settings, one at a time. A request during a reload, or before the service has started, leads to one
 * more afterwards.
 *
 * A reload that fails before its first new worker is ready is refused, and everything stays as it was.
 */
export class Reloads {
  readonly counts = { done: 0, refused: 0 }
  private isOpen = false
  private isClosed = false
  private isRequested = false
  private isRunning = false

  constructor(private readonly parts: ReloadsParts) {}

  /** Reloads, as soon as that is possible. */
  request(): void {
    this.isRequested = true
    if (this.isOpen && !this.isRunning) void this.run()
  }

  /** The service has started: reloads are possible from now on. */
  open(): void {
    this.isOpen = true
    if (this.isRequested) this.request()
  }

  /** The service drains: no further reload begins, and one that the drain interrupts does not count as refused. */
  close(): void {
    this.isClosed = true
  }

  private async run(): Promise<void> {
    this.isRunning = true
    while (this.isRequested && !this.isClosed) {
      this.isRequested = false
      await this.reload()
    }
    this.isRunning = false
  }

  private async reload(): Promise<void> {
    try {
      const loaded = await this.parts.load()
      if ('problems' in loaded) {
        this.refuse({ problems: loaded.problems })
        return
      }
      await this.apply(loaded)
      this.counts.done++
      this.parts.log.info('settings reloaded', { workers: this.parts.slots.size })
    } catch (error) {
      this.refuse({ reason: messageOf(error) })
    }
  }

  private refuse(facts: Facts): void {
    // A drain interrupts a reload; that is no refusal.
    if (this.isClosed) return
    this.counts.refused++
    this.parts.log.error('reload refused', facts)
  }

  /** @throws {Error} when the first new worker cannot start; then nothing has changed */
  private async apply(configuration: Configuration): Promise<void> {
    const { generations, listeners, slots, spawn } = this.parts
    const before = generations.current
    const next = await generations.prepare(configuration)
    generations.stopWatching()
    try {
      await slots.replaceFirst((worker) => spawn(worker, next))
    } catch (error) {
      await listeners.closeUnused(next.listeners, before.listeners)
      generations.watchCredentials()
      throw error
    }
    generations.use(next)
    await slots.replaceOthers(next.workers)
    await listeners.closeUnused(before.listeners, next.listeners)
    generations.watchCredentials()
  }
}
