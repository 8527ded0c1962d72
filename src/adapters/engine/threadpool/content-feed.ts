import { inspect } from 'node:util'
import { serializeError } from '../../../domain/threadpool/serialized-error.js'
import { SendGate } from '../../../domain/threadpool/send-gate.js'
import { movable, transferableOctets } from '../../../domain/threadpool/transferable-octets.js'
import type { RunMessage } from '../../../ports/threads/thread-messages.js'
import type { EngineRequest } from '../../../ports/serving/engine.js'

/** Where a request is: the number it has there, and the way to its thread. */
export interface ThreadRequestLink {
  readonly number: number
  /** Whether the thread has begun it: from then on it is not taken back. */
  readonly hasBegun: () => boolean
  /** Content is sent to the handler, which may have waited for its peer. */
  readonly goesOn: () => void
  readonly send: (message: RunMessage, moved?: ArrayBuffer | null) => void
}

/** Makes a message for whatever number the request has. */
type Numbered = (request: number) => RunMessage

/**
 * The content of a request on its way to the thread that the request is handed to: up to a window ahead of the handler,
 * which tells when it waits for some.
 *
 * Of a request that can still be taken back and handed to another thread, all that was sent is kept: a window at most.
 */
export class ContentFeed {
  private readonly gate = new SendGate()
  private place: ThreadRequestLink | null = null
  private kept: Numbered[] = []
  private isPumping = false
  private isStopped = false

  constructor(private readonly request: EngineRequest) {}

  /** The request was handed to a thread, for the first time or once more. */
  handedTo(place: ThreadRequestLink): void {
    this.place = place
    for (const message of this.kept) place.send(message(place.number))
    // A peer that waits for `100 Continue` gets it when the handler asks; what others send is on its way before.
    if (!this.request.expectsContinue) this.begin()
  }

  /** The request waits for another thread. */
  takenBack(): void {
    this.place = null
  }

  /**
   * The handler waits for content.
   *
   * @returns whether it waits for the peer
   */
  want(): boolean {
    this.begin()
    return this.request.content.awaited()
  }

  /** The thread gives so much credit back. */
  consumed(credit: number): void {
    this.gate.returned(credit)
  }

  /** Nobody there reads it any more. */
  stop(): void {
    this.isStopped = true
    this.kept = []
    this.gate.close()
  }

  private begin(): void {
    if (this.isPumping) return
    this.isPumping = true
    this.request.content.fetchAhead()
    void this.pump()
  }

  private async pump(): Promise<void> {
    try {
      for await (const piece of this.request.content) {
        if (!(await this.gate.admits(piece.length))) return
        this.passOctets(piece)
      }
      const { text, bounds } = this.request.trailers
      this.pass((request) => ['content-end', request, text, bounds])
    } catch (error) {
      const crossed = serializeError(error, inspect)
      this.pass((request) => ['content-failed', request, crossed])
    }
  }

  private passOctets(piece: Uint8Array): void {
    const octets = transferableOctets(piece)
    const { place } = this
    if (place === null || !this.isBegun(place)) return this.pass((request) => ['content', request, octets])
    place.goesOn()
    place.send(['content', place.number, octets], movable(octets))
  }

  private pass(message: Numbered): void {
    if (this.isStopped) return
    const { place } = this
    if (place === null || !this.isBegun(place)) this.kept.push(message)
    place?.goesOn()
    place?.send(message(place.number))
  }

  private isBegun(place: ThreadRequestLink): boolean {
    const isBegun = place.hasBegun()
    if (isBegun) this.kept = []
    return isBegun
  }
}
