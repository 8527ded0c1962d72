// The global `Buffer` is a getter, which every look at it would call.
import { Buffer } from 'node:buffer'
import type { Connection } from '../../domain/connection/connection.js'
import { CHUNK_END } from '../../domain/framing/head-writer.js'
import { latin1 } from '../../domain/octets/latin1.js'
import { isOfKind, type StreamedContent } from '../../domain/message/response.js'
import type { Metrics } from '../../ports/operations/metrics.js'
import type { FilePart } from '../../ports/serving/file-part.js'
import type { Transport } from '../../ports/serving/transport.js'
import type { FileContent, SendableResponse } from './sendable-response.js'
import { abandon, nextTurn, octetsOf } from './streamed-pieces.js'

/** Content up to this size is copied behind the head, so that both leave in one write as one string. */
const SMALL_CONTENT = 4096

/** So many pieces of a stream are made at one go: tiny ones could be made for long before the peer has enough. */
const PIECES_AT_A_GO = 64

/** What becomes of a response. */
export interface SenderOwner {
  /** All of it has been handed to the transport. */
  responded(): void
  /** Its content broke off: the response cannot be completed. */
  contentFailed(error: unknown): void
}

/**
 * Sends responses, one at a time: the head by the connection, the content piece by piece as fast as the peer reads.
 *
 * Content that is at hand is sent at once, without a promise.
 */
export class ResponseSender {
  /** Octets handed to the transport. */
  bytesOut = 0
  /** The transport has taken enough: nothing more is made until it has drained. */
  blocked = false

  /** Counts responses, so that one that was given up can tell. */
  private response = 0
  private preamble = ''
  private mayPersist = true
  private wake: (() => void) | null = null

  constructor(
    private readonly connection: Connection,
    private readonly transport: Transport,
    private readonly metrics: Metrics,
    private readonly owner: SenderOwner,
  ) {}

  /**
   * @param preamble the fields that every response carries, each ended by CRLF
   * @param mayPersist false when the connection must end for reasons of the server
   */
  send(response: SendableResponse, preamble: string, mayPersist: boolean): void {
    this.response++
    this.preamble = preamble
    this.mayPersist = mayPersist
    const { content } = response
    if (content === null) this.sendWhole(response, 0, '')
    else if (typeof content === 'string') this.sendText(response, content)
    else if (content instanceof Uint8Array) this.sendOctets(response, content)
    else if (isOfKind(content, 'stream')) this.sendStream(response, content)
    else this.sendParts(response, content)
  }

  /** Sends what belongs to no response: `100 Continue`. */
  write(octets: string | Uint8Array): void {
    this.account(octets.length)
    if (!this.transport.write(octets)) this.blocked = true
  }

  /** The transport has room again. */
  drained(): void {
    this.blocked = false
    this.wakeUp()
  }

  /** The response under way will not be completed. */
  stop(): void {
    this.response++
    this.wakeUp()
  }

  private wakeUp(): void {
    const { wake } = this
    this.wake = null
    wake?.()
  }

  private sendText(response: SendableResponse, content: string): void {
    const length = Buffer.byteLength(content)
    // Text that is all ASCII is the same octets in latin1 as in UTF-8, and can follow the head in one string.
    if (length === content.length) this.sendWhole(response, length, content)
    else this.sendOctets(response, Buffer.from(content))
  }

  private sendOctets(response: SendableResponse, content: Uint8Array): void {
    const { length } = content
    const sent = length <= SMALL_CONTENT ? latin1(content, 0, length) : content
    this.sendWhole(response, length, sent)
  }

  private sendWhole(response: SendableResponse, length: number, content: string | Uint8Array): void {
    const head = this.head(response, length)
    this.connection.piece(length)
    if (this.connection.framing === 'none') {
      this.write(head)
    } else if (typeof content === 'string') {
      this.write(head + content)
    } else {
      this.write(head)
      this.write(content)
    }
    this.finish()
  }

  private sendStream(response: SendableResponse, content: StreamedContent): void {
    this.write(this.head(response, content.length))
    if (this.connection.framing === 'none') {
      abandon(content)
      this.finish()
    } else {
      void this.pump(this.response, content)
    }
  }

  private sendParts(response: SendableResponse, content: FileContent): void {
    this.write(this.head(response, content.length))
    if (this.connection.framing === 'none') {
      content.discard()
      this.finish()
    } else {
      this.handParts(content, 0)
    }
  }

  private async pump(response: number, content: StreamedContent): Promise<void> {
    let made = 0
    try {
      for await (const piece of content.pieces) {
        if (response !== this.response) return
        const octets = octetsOf(piece)
        if (octets.length > 0) this.sendPiece(octets)
        // A stream of empty or tiny pieces must not keep the event loop from everyone else.
        if (octets.length === 0 || ++made % PIECES_AT_A_GO === 0) await nextTurn()
        if (this.blocked) await this.unblocked()
        if (response !== this.response) return
      }
      if (response === this.response) this.finish()
    } catch (error) {
      if (response === this.response) this.owner.contentFailed(error)
    }
  }

  private sendPiece(piece: Uint8Array): void {
    const before = this.connection.piece(piece.length)
    if (before !== '') this.write(before)
    this.write(piece)
    if (before !== '') this.write(CHUNK_END)
  }

  /** Hands the parts over for as long as there is room; what is in the way of the end is waited for. */
  private handParts(content: FileContent, from: number): void {
    const { parts } = content
    for (let at = from; at < parts.length; at++) {
      this.handPart(parts[at]!)
      if (this.blocked) return this.handPartsLater(content, at + 1)
    }
    this.finish()
  }

  private handPart(part: string | FilePart): void {
    this.connection.piece(part.length)
    if (typeof part === 'string') return this.write(part)
    this.account(part.length)
    if (!this.transport.sendFile(part)) this.blocked = true
  }

  private handPartsLater(content: FileContent, from: number): void {
    const { response } = this
    this.wake = () => {
      if (response === this.response) this.handParts(content, from)
      else release(content, from)
    }
  }

  private head(response: SendableResponse, length: number | null): string {
    const { preamble } = this
    // An idle connection is not to hold on to it.
    this.preamble = ''
    return this.connection.respond(response, length, preamble, this.mayPersist)
  }

  private finish(): void {
    const end = this.connection.finish()
    if (end !== '') this.write(end)
    this.owner.responded()
  }

  private unblocked(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve))
  }

  private account(octets: number): void {
    this.bytesOut += octets
    this.metrics.sent(octets)
  }
}

/** Gives back the parts that were not handed to the transport; the others are its to release. */
function release(content: FileContent, from: number): void {
  const unsent = new Error('Cannot send any more: the connection is over')
  for (const part of content.parts.slice(from)) if (typeof part !== 'string') part.released(unsent)
}
