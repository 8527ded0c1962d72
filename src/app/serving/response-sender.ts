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

/**
 * Octets up to this size are converted to text and appended to the head, so that both are sent by one write. ASCII text
 * always is.
 */
const SMALL_CONTENT = 4096

/** Pieces of a stream made in one turn of the event loop. Without a bound, tiny pieces could occupy the loop for long. */
const PIECES_PER_TURN = 64

/** Learns how a response ended. */
export interface SenderOwner {
  /** The whole response was given to the transport. */
  responded(): void
  /** The content failed before its end: the response cannot be completed. */
  contentFailed(error: unknown): void
}

/**
 * Sends responses, one at a time: the connection writes the head, and the content follows piece by piece, as fast as the
 * peer reads.
 *
 * Text and octets are sent at once, without a promise.
 */
export class ResponseSender {
  /** Octets given to the transport. */
  bytesOut = 0
  /** The transport is over its high-water mark: no further content is made until it has drained. */
  blocked = false

  /** The number of the current response: a stream compares it to notice that its own response was given up. */
  private responseNumber = 0
  private preamble = ''
  private serverAllowsPersistence = true
  private wake: (() => void) | null = null

  constructor(
    private readonly connection: Connection,
    private readonly transport: Transport,
    private readonly metrics: Metrics,
    private readonly owner: SenderOwner,
  ) {}

  /**
   * Sends a response. `owner.responded` is called when it is complete, which can be before this call returns.
   *
   * @param preamble the fields that every response has, each ended by CRLF
   * @param serverAllowsPersistence false when the connection must end for reasons of the server
   */
  send(response: SendableResponse, preamble: string, serverAllowsPersistence: boolean): void {
    this.responseNumber++
    this.preamble = preamble
    this.serverAllowsPersistence = serverAllowsPersistence
    const { content } = response
    if (content === null) this.sendWhole(response, 0, '')
    else if (typeof content === 'string') this.sendText(response, content)
    else if (content instanceof Uint8Array) this.sendOctets(response, content)
    else if (isOfKind(content, 'stream')) this.sendStream(response, content)
    else this.sendParts(response, content)
  }

  /** Gives octets to the transport and counts them. From outside, call it only for interim responses. */
  write(octets: string | Uint8Array): void {
    this.account(octets.length)
    if (!this.transport.write(octets)) this.blocked = true
  }

  /** The transport has room again. */
  drained(): void {
    this.blocked = false
    this.wakeUp()
  }

  /** The current response will not be completed. */
  stop(): void {
    // The stream or the parts that wait belong to another response from now on, and stop when they wake up.
    this.responseNumber++
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
    // The result, the text before a chunk, is always '': content of known length is not chunked.
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
      void this.pump(this.responseNumber, content)
    }
  }

  private sendParts(response: SendableResponse, content: FileContent): void {
    this.write(this.head(response, content.length))
    if (this.connection.framing === 'none') {
      content.discard()
      this.finish()
    } else {
      this.sendPartsFrom(content, 0)
    }
  }

  private async pump(responseNumber: number, content: StreamedContent): Promise<void> {
    let made = 0
    try {
      for await (const piece of content.pieces) {
        if (responseNumber !== this.responseNumber) return
        const octets = octetsOf(piece)
        if (octets.length > 0) this.sendPiece(octets)
        // A stream of empty or tiny pieces must not keep the event loop busy.
        if (octets.length === 0 || ++made % PIECES_PER_TURN === 0) await nextTurn()
        if (this.blocked) await this.unblocked()
        if (responseNumber !== this.responseNumber) return
      }
      if (responseNumber === this.responseNumber) this.finish()
    } catch (error) {
      if (responseNumber === this.responseNumber) this.owner.contentFailed(error)
    }
  }

  private sendPiece(piece: Uint8Array): void {
    const before = this.connection.piece(piece.length)
    if (before !== '') this.write(before)
    this.write(piece)
    if (before !== '') this.write(CHUNK_END)
  }

  /** Gives parts to the transport until it is over its high-water mark; continues when it has drained. */
  private sendPartsFrom(content: FileContent, from: number): void {
    const { parts } = content
    for (let at = from; at < parts.length; at++) {
      this.sendPart(parts[at]!)
      if (this.blocked) return this.sendPartsLater(content, at + 1)
    }
    this.finish()
  }

  private sendPart(part: string | FilePart): void {
    this.connection.piece(part.length)
    if (typeof part === 'string') return this.write(part)
    this.account(part.length)
    if (!this.transport.sendFile(part)) this.blocked = true
  }

  private sendPartsLater(content: FileContent, from: number): void {
    const { responseNumber } = this
    this.wake = () => {
      if (responseNumber === this.responseNumber) this.sendPartsFrom(content, from)
      else release(content, from)
    }
  }

  private head(response: SendableResponse, length: number | null): string {
    const { preamble } = this
    // An idle connection must not keep the string in memory.
    this.preamble = ''
    return this.connection.respond(response, length, preamble, this.serverAllowsPersistence)
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

/** Releases the parts that the transport did not get. It releases the others itself. */
function release(content: FileContent, from: number): void {
  const unsent = new Error('Cannot send any more: the connection is over')
  for (const part of content.parts.slice(from)) if (typeof part !== 'string') part.released(unsent)
}
