import type { HeadReader, RawHead } from '../framing/head-reader.js'
import { HeadReaders } from '../framing/head-readers.js'
import { CONTINUE, writeHead, type ResponseFraming } from '../framing/head-writer.js'
import { MAX_DISCARDED_OCTETS } from '../framing/limits.js'
import { NO_FIELDS, type FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'
import type { RequestHead } from '../message/request-head.js'
import { CLOSED, END_OF_CONTENT, NEED_MORE, PAUSED, type ConnectionEvent } from './connection-event.js'
import type { ConnectionRules } from './connection-rules.js'
import { Inbox } from './inbox.js'
import { IncomingContent } from './incoming-content.js'
import { interpretHead } from './interpret-head.js'
import { OutgoingContent } from './outgoing-content.js'
import { PersistenceLines } from './persistence-lines.js'

/*
 * Theory of operation: two small state machines that meet in one place.
 *
 *   reading:  head -> content -> complete      writing:  idle -> owed -> sending -> complete
 *               \________________^                        ^ a request was read    ^ its head was written
 *
 * When both are complete and the connection persists, both start again (`cycle`). `closed` is final: after a refusal, or
 * a response that ends the connection, no octet is ever read as a request again.
 *
 * The files beside this one hold the parts: reading a request's content (`IncomingContent`), the meaning of its head
 * (`interpretHead`), and sending a response's content (`OutgoingContent`).
 */

type Reading = { readonly at: 'head' } | IncomingContent | { readonly at: 'complete' } | { readonly at: 'closed' }

type Writing = { readonly at: 'idle' } | { readonly at: 'owed' } | OutgoingContent | { readonly at: 'complete' }

const READING_HEAD: Reading = { at: 'head' }
const READING_COMPLETE: Reading = { at: 'complete' }
const READING_CLOSED: Reading = { at: 'closed' }
const IDLE: Writing = { at: 'idle' }
const OWED: Writing = { at: 'owed' }
const WRITING_COMPLETE: Writing = { at: 'complete' }

/** The parts of a response that its head is made of. */
export interface ResponseHead {
  readonly status: number
  readonly fields: { readonly wire: string }
}

/**
 * One connection's protocol, without its transport (RFC 9112): octets go in with `receive`, requests and their content
 * come out of `next`, and the heads of responses out of `respond`.
 */
export class Connection {
  /** Octets of the current request, as framed, that were read so far. */
  bytesIn = 0
  /** The trailers of the current request, once its content is complete. */
  trailers: FieldSection = NO_FIELDS
  /** Whether the connection continues after the current response; known once `respond` was called. */
  persists = true

  private reading: Reading = READING_HEAD
  private writing: Writing = IDLE
  // These facts of the current request's head shape its response, even when the head was refused.
  private isHeadMethod = false
  private minor = 1
  private peerPersists = false
  private ended = false
  /** Whether the unread octets are only empty lines before a head: then the peer owes us no head. */
  private onlyEmptyLines = false
  /** How many requests were read. */
  private served = 0
  private readonly inbox = new Inbox()
  private readonly outgoing = new OutgoingContent()
  /** Null between two deliveries of octets when no octet of a head has arrived. */
  private reader: HeadReader | null = null

  /**
   * @param persistence made from the same rules; connections share it
   * @param readers made from the same rules; connections share them
   */
  constructor(
    private readonly rules: ConnectionRules,
    private readonly persistence = new PersistenceLines(rules),
    private readonly readers = new HeadReaders(rules),
  ) {}

  /** Takes octets that arrived. They are only lent: call `hold` after the loop over `next`. */
  receive(octets: Buffer): void {
    if (this.isClosed) return
    this.onlyEmptyLines = false
    this.inbox.receive(octets)
  }

  /** Copies the octets that are still unread, so that the lent buffer can go back to its owner. */
  hold(): void {
    this.inbox.hold()
    if (this.reader === null || this.inbox.length > 0) return
    // Without unread octets the reader is inside no head, so another connection can use it.
    this.readers.give(this.reader)
    this.reader = null
  }

  /** The peer has ended its side: no further octets will arrive. */
  end(): void {
    this.ended = true
  }

  /** How many received octets are unread. */
  get unread(): number {
    return this.inbox.length
  }

  /** Whether any received octets are unread. */
  get hasUnread(): boolean {
    return this.inbox.length > 0
  }

  /** Whether octets of the next request have arrived. */
  get hasNextRequest(): boolean {
    const { reading } = this
    if (reading.at === 'content') return this.unread > (reading.remaining ?? Infinity)
    return this.hasUnread
  }

  /** Whether there is nothing to do: there is no current request, and no octet of the next one has arrived. */
  get isIdle(): boolean {
    return this.isBetweenRequests && (!this.hasUnread || this.onlyEmptyLines)
  }

  /** Whether a head has begun to arrive, and the peer owes us the rest. */
  get awaitsHead(): boolean {
    return this.isBetweenRequests && this.hasUnread && !this.onlyEmptyLines
  }

  /** Whether the peer owes us content. */
  get awaitsContent(): boolean {
    return this.reading.at === 'content'
  }

  /** Whether we owe the peer a response whose head has not been written yet. */
  get owesResponse(): boolean {
    return this.writing.at === 'owed'
  }

  /** Whether the peer waits for `100 Continue` before it sends content, and it is not too late to send one. */
  get waitsForContinue(): boolean {
    return this.reading.at === 'content' && this.reading.expectsContinue && !this.hasUnread
  }

  /** Whether no further request will be read. */
  get isClosed(): boolean {
    return this.reading.at === 'closed'
  }

  /** How the content of the current response is framed; known once `respond` was called. */
  get framing(): ResponseFraming {
    return this.outgoing.framing
  }

  /** The next event in the received octets. A piece of content is a view of them. */
  next(): ConnectionEvent {
    try {
      return this.advance()
    } catch (error) {
      if (error instanceof ProtocolError) return this.stopReading(error)
      throw error
    }
  }

  /**
   * Ends the reading because the peer broke the protocol, or a deadline: no octet, received or yet to arrive, will be
   * read as a request. A response is now owed, unless one was begun or completed for this request.
   *
   * @returns the same error
   */
  stopReading(error: ProtocolError): ProtocolError {
    this.close()
    if (this.writing.at === 'idle') this.writing = OWED
    return error
  }

  /** Reads no further request; the current response can still be finished. */
  close(): void {
    this.reading = READING_CLOSED
    this.persists = false
    this.inbox.clear()
    // It may be inside a head, so no other connection can use it.
    this.reader = null
  }

  /** Call when the content is first asked for. Returns `100 Continue` to send when the peer waits for it, else `''`. */
  continue(): string {
    const { reading } = this
    if (reading.at !== 'content' || !this.waitsForContinue || !this.owesResponse) return ''
    reading.expectsContinue = false
    return CONTINUE
  }

  /**
   * Begins the response that is owed.
   *
   * @param length octets of content, null when only its end can tell; for a response to HEAD: the length that GET gets
   * @param preamble the fields that every response carries, each ended by CRLF
   * @param serverAllowsPersistence false when the connection must end for reasons of the server
   * @returns the head, as latin1 text; `framing` tells how the content is framed
   */
  respond(response: ResponseHead, length: number | null, preamble: string, serverAllowsPersistence: boolean): string {
    const { outgoing } = this
    const framingLine = outgoing.begin(response.status, length, this.minor, this.isHeadMethod)
    this.writing = outgoing
    this.persists = serverAllowsPersistence && outgoing.framing !== 'close' && this.mayPersist()
    const persistenceLines = this.persistence.of(this.persists, this.served)
    return writeHead(response.status, preamble, persistenceLines, response.fields.wire, framingLine)
  }

  /**
   * Accounts for a piece of content that is about to be sent.
   *
   * @param octets how many; must be more than 0 when the framing is chunked (a chunk of 0 ends the content)
   * @returns the text to send before it; send `CHUNK_END` after it when `framing` is chunked
   * @throws {ContentError} when the content runs over its declared length
   */
  piece(octets: number): string {
    return this.outgoing.piece(octets)
  }

  /**
   * Ends the content of the response.
   *
   * @returns the text to send after it
   * @throws {ContentError} when the content ended before its declared length
   */
  finish(): string {
    const end = this.outgoing.finish()
    this.writing = WRITING_COMPLETE
    if (!this.persists) this.close()
    else if (this.reading.at === 'complete') this.cycle()
    return end
  }

  private advance(): ConnectionEvent {
    const { reading } = this
    switch (reading.at) {
      case 'head':
        return this.nextHead()
      case 'content':
        return this.writing.at === 'complete' ? this.discard(reading) : this.nextContent(reading)
      case 'complete':
        return PAUSED
      case 'closed':
        return CLOSED
    }
  }

  private nextHead(): ConnectionEvent {
    const { inbox } = this
    this.forgetRequest()
    const head = inbox.length === 0 ? null : this.readHead()
    if (head !== null) return this.begin(head)
    const begun = this.reader?.begun === true
    this.onlyEmptyLines = this.hasUnread && !begun
    if (!this.ended) return NEED_MORE
    if (begun) throw incomplete('head')
    this.close()
    return CLOSED
  }

  private readHead(): RawHead | null {
    const { inbox } = this
    this.reader ??= this.readers.take()
    return this.reader.read(inbox.octets, inbox.from, inbox.to)
  }

  /** Nothing of the last request may affect the next one, not even when the next one is refused. */
  private forgetRequest(): void {
    this.isHeadMethod = false
    this.minor = 1
    this.peerPersists = false
    this.bytesIn = 0
  }

  private begin(head: RawHead): RequestHead {
    this.inbox.from += head.length
    this.bytesIn = head.length
    this.isHeadMethod = head.method === 'HEAD'
    this.minor = head.minor
    this.served++
    const request = interpretHead(head, this.rules)
    const { length, expectsContinue } = request
    this.peerPersists = request.persists
    this.writing = OWED
    this.trailers = NO_FIELDS
    this.reading =
      length === 0 ? READING_COMPLETE : new IncomingContent(length, head.length, this.rules.limits, expectsContinue)
    return request
  }

  private nextContent(content: IncomingContent): Buffer | typeof NEED_MORE | typeof END_OF_CONTENT {
    const { inbox } = this
    const { from } = inbox
    const piece = content.read(inbox)
    this.bytesIn += inbox.from - from
    if (piece !== null) return piece
    if (content.done) return this.endContent(content)
    if (this.ended) throw incomplete('content')
    return NEED_MORE
  }

  /** Reads content that nobody wants after a complete response, up to a limit, to get to the next request. */
  private discard(content: IncomingContent): ConnectionEvent {
    for (;;) {
      const event = this.nextContent(content)
      if (!(event instanceof Uint8Array)) return event
      if (!content.discard(event.length)) {
        this.close()
        return CLOSED
      }
    }
  }

  private endContent(content: IncomingContent): typeof END_OF_CONTENT {
    this.trailers = content.trailers
    this.reading = READING_COMPLETE
    if (this.writing.at === 'complete') this.cycle()
    return END_OF_CONTENT
  }

  private get isBetweenRequests(): boolean {
    return this.writing.at === 'idle' && this.reading.at === 'head'
  }

  private cycle(): void {
    this.reading = READING_HEAD
    this.writing = IDLE
  }

  private mayPersist(): boolean {
    const { maxRequests } = this.rules
    if (!this.peerPersists || this.isClosed) return false
    return (maxRequests === 0 || this.served < maxRequests) && !this.leavesTooMuch()
  }

  /** Whether the unread content is too long to read past it, or will never be sent since we did not ask for it. */
  private leavesTooMuch(): boolean {
    if (this.reading.at !== 'content') return false
    return this.waitsForContinue || (this.reading.remaining ?? 0) > MAX_DISCARDED_OCTETS
  }
}

function incomplete(part: string): ProtocolError {
  return new ProtocolError(400, 'incomplete', `Cannot read a request: the peer ended the connection inside its ${part}`)
}
