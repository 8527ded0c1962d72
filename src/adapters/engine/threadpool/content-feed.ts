import { inspect } from 'node:util'
import { serializeError } from '../../../domain/threadpool/serialized-error.js'
import { SendGate } from '../../../domain/threadpool/send-gate.js'
import { memoryToTransfer, transferableOctets } from '../../../domain/threadpool/transferable-octets.js'
import type { RunMessage } from '../../../ports/threads/thread-messages.js'
import type { EngineRequest } from '../../../ports/serving/engine.js'

/** The link between a request and the thread that it is assigned to. */
export interface ThreadRequestLink {
  /** The request's number in the thread. */
  readonly number: number
  /** Whether the thread has begun the request: from then on it cannot be taken back. */
  readonly hasBegun: () => boolean
  /** Call it when content is sent: the handler may have waited for the peer. */
  readonly resumes: () => void
  readonly send: (message: RunMessage, transfer?: ArrayBuffer | null) => void
}

/** Makes a message for a request number. The number changes when the request is assigned to another thread. */
type NumberedMessage = (request: number) => RunMessage

/**
 * Sends the content of a request to its thread, up to a window ahead of the handler.
 *
 * Until the thread has begun the request, all messages are kept, so that they can be sent again if the request is taken
 * back and assigned to another thread. They are a window at most.
 */
export class ContentFeed {
  private readonly gate = new SendGate()
  private link: ThreadRequestLink | null = null
  private kept: NumberedMessage[] = []
  private isPumping = false
  private isStopped = false

  constructor(private readonly request: EngineRequest) {}

  /** The request was assigned to a thread, perhaps not for the first time. */
  assigned(link: ThreadRequestLink): void {
    this.link = link
    for (const message of this.kept) link.send(message(link.number))
    // A peer that expects `100 Continue` sends nothing before the handler asks; any other peer is already sending.
    if (!this.request.expectsContinue) this.begin()
  }

  /** The request was taken back and waits for another thread. */
  takenBack(): void {
    this.link = null
  }

  /**
   * The handler waits for content.
   *
   * @returns whether it waits for the peer; false when a piece is already being sent to it
   */
  pull(): boolean {
    this.begin()
    return this.request.content.awaited()
  }

  /** The thread returns credit for consumed content. */
  returnCredit(credit: number): void {
    this.gate.returned(credit)
  }

  /** Stops sending: the handler does not read the content any more. */
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
        this.sendOctets(piece)
      }
      const { text, bounds } = this.request.trailers
      this.send((request) => ['content-end', request, text, bounds])
    } catch (error) {
      const serialized = serializeError(error, inspect)
      this.send((request) => ['content-failed', request, serialized])
    }
  }

  private sendOctets(piece: Uint8Array): void {
    const octets = transferableOctets(piece)
    const { link } = this
    if (link === null || !this.hasBegun(link)) return this.send((request) => ['content', request, octets])
    link.resumes()
    link.send(['content', link.number, octets], memoryToTransfer(octets))
  }

  private send(message: NumberedMessage): void {
    if (this.isStopped) return
    const { link } = this
    if (link === null || !this.hasBegun(link)) this.kept.push(message)
    link?.resumes()
    link?.send(message(link.number))
  }

  private hasBegun(link: ThreadRequestLink): boolean {
    const hasBegun = link.hasBegun()
    if (hasBegun) this.kept = []
    return hasBegun
  }
}
