import type { BodyDecoder } from '../framing/body-decoder.js'
import { LengthDecoder } from '../framing/body-decoder.js'
import { bodyLength } from '../framing/body-length.js'
import { ChunkedDecoder } from '../framing/chunked-decoder.js'
import type { HeadReader, RawHead } from '../framing/head-reader.js'
import { HeadReaders } from '../framing/head-readers.js'
import { CONTINUE, LAST_CHUNK, chunkLine, writeHead, type ResponseFraming } from '../framing/head-writer.js'
import { MAX_DISCARDED_OCTETS, type Limits } from '../framing/limits.js'
import { NumberedLines } from '../framing/numbered-lines.js'
import { ContentError } from '../message/content-error.js'
import { NO_FIELDS, type FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'
import type { RequestHead } from '../message/request.js'
import { forbidsContent } from '../message/status.js'
import { parseTarget } from '../message/target.js'
import { expectsContinue } from './expectation.js'
import { Inbox } from './inbox.js'
import { persists } from './persistence.js'
import { PersistenceLines } from './persistence-lines.js'

/*
 * Theory of operation: two small machines that meet in one place.
 *
 *   reading:  head -> content -> complete      writing:  idle -> owed -> sending -> complete
 *               \________________^                        ^ a request came out    ^ its head was written
 *
 * When both are complete and the connection persists, both begin anew (`cycle`). `closed` absorbs: after a refusal, or
 * a response that ends the connection, no octet is ever taken for a request again.
 */

type Reading =
  | { readonly at: 'head' }
  | { readonly at: 'content'; readonly decoder: BodyDecoder }
  | { readonly at: 'complete' }
  | { readonly at: 'closed' }

type Writing = 'idle' | 'owed' | 'sending' | 'complete'

const LENGTH_LINES = new NumberedLines('Content-Length: ')

const HEAD: Reading = { at: 'head' }
const COMPLETE: Reading = { at: 'complete' }
const READING_CLOSED: Reading = { at: 'closed' }

/** Nothing can come out until more octets go in. */
export const NEED_MORE = Symbol('need more')
/** The next request waits until the response under way is finished. */
export const PAUSED = Symbol('paused')
/** The content of the request is complete, and so are its trailers. */
export const END_OF_CONTENT = Symbol('end of content')
/** No request will come out any more. */
export const CLOSED = Symbol('closed')

/**
 * What comes out of a connection: a request (`END_OF_CONTENT` follows, unless its length is 0), a piece of its
 * content, one of the constants, or the refusal of what came in.
 */
export type ConnectionEvent = RequestHead | Buffer | ProtocolError | Constant

export type Constant = typeof NEED_MORE | typeof PAUSED | typeof END_OF_CONTENT | typeof CLOSED

/** What all connections of a listener have in common. */
export interface ConnectionRules {
  readonly limits: Limits
  /** Methods that a route or the registry knows; any other is 501. */
  readonly methods: ReadonlySet<string>
  /** Whether the octets are encrypted under way. */
  readonly secure: boolean
  /** Whether `Expect: 100-continue` is answered. */
  readonly expectContinue: boolean
  /** How many requests one connection may carry; 0: no bound. */
  readonly maxRequests: number
  /** How long an idle connection is kept, as `Keep-Alive` tells the peer. */
  readonly keepAliveSeconds: number
}

/** The parts of a response that its head is made of. */
export interface ResponseHead {
  readonly status: number
  readonly fields: { readonly wire: string }
}

/** One connection's life, without its octets' transport (RFC 9112): requests and content out, response heads in. */
export class Connection {
  /** Octets of the request under way, as framed, that were read so far. */
  bytesIn = 0
  /** The trailers of the request, once its content is complete. */
  trailers: FieldSection = NO_FIELDS
  /** Whether the connection goes on after the response under way; known once `respond` has been called. */
  persists = true
  /** How the content of the response under way is framed; known once `respond` has been called. */
  framing: ResponseFraming = 'none'

  private reading: Reading = HEAD
  private writing: Writing = 'idle'
  /** The request under way; null before its head is complete, and when it was refused by its head. */
  private request: RequestHead | null = null
  /** What of a head decides how the response looks, even when it was refused. */
  private isHead = false
  private minor = 1
  private ended = false
  /** All that is unread are empty lines before a head: the peer owes nothing for them. */
  private onlyEmptyLines = false
  private served = 0
  private contentSeen = false
  private continued = false
  private discarded = 0
  private owedOctets = 0
  private readonly inbox = new Inbox()
  /** Null between turns while no octet of a head is there. */
  private reader: HeadReader | null = null

  /** @param persistence those of the rules, as `readers`: connections with the same rules share them */
  constructor(
    private readonly rules: ConnectionRules,
    private readonly persistence = new PersistenceLines(rules),
    private readonly readers = new HeadReaders(rules),
  ) {}

  /** Takes octets that arrived. They are only lent: call `hold` when the loop over `next` is over. */
  receive(octets: Buffer): void {
    if (this.isClosed) return
    this.onlyEmptyLines = false
    this.inbox.receive(octets)
  }

  /** Keeps a copy of what is still unread, so that the lent octets can go back to their owner. */
  hold(): void {
    this.inbox.hold()
    if (this.reader === null || this.inbox.length > 0) return
    // It stands before a head: no octet of one is there.
    this.readers.give(this.reader)
    this.reader = null
  }

  /** The peer will send no more. */
  end(): void {
    this.ended = true
  }

  /** How many octets have arrived that no event has accounted for. */
  get unread(): number {
    return this.inbox.length
  }

  /** Whether there are any. */
  get hasUnread(): boolean {
    return this.inbox.length > 0
  }

  /** Whether octets of a further request have arrived. */
  get hasNext(): boolean {
    const { reading } = this
    if (reading.at === 'content') return this.unread > (reading.decoder.remaining ?? Infinity)
    return this.hasUnread
  }

  /** Whether there is nothing to do: no request under way, and nothing of the next one has arrived. */
  get isIdle(): boolean {
    return this.isBetweenRequests && (!this.hasUnread || this.onlyEmptyLines)
  }

  /** Whether the peer owes us the rest of a head. */
  get awaitsHead(): boolean {
    return this.isBetweenRequests && this.hasUnread && !this.onlyEmptyLines
  }

  /** Whether the peer owes us content. */
  get awaitsContent(): boolean {
    return this.reading.at === 'content'
  }

  /** Whether a response is owed whose head has not been written. */
  get owesResponse(): boolean {
    return this.writing === 'owed'
  }

  /** Whether the peer waits for `100 Continue` before it sends content, and could still be given it. */
  get waitsForContinue(): boolean {
    if (this.request?.expectsContinue !== true || this.continued) return false
    return this.awaitsContent && !this.contentSeen && !this.hasUnread
  }

  /** Whether no request will come out any more. */
  get isClosed(): boolean {
    return this.reading.at === 'closed'
  }

  /** What comes next out of the octets received. A piece of content is a view of them. */
  next(): ConnectionEvent {
    try {
      return this.advance()
    } catch (error) {
      if (error instanceof ProtocolError) return this.refuse(error)
      throw error
    }
  }

  /**
   * Ends the reading for good: whatever has come or will come is never taken for a request.
   *
   * A response is owed from now on, unless one is under way already.
   */
  refuse(error: ProtocolError): ProtocolError {
    this.close()
    if (this.writing === 'idle') this.writing = 'owed'
    return error
  }

  /** Reads no further request; the response under way can still be finished. */
  close(): void {
    this.reading = READING_CLOSED
    this.persists = false
    this.inbox.clear()
    // It may be inside a head, and is no good for another then.
    this.reader = null
  }

  /** What to send when content is first asked for: `100 Continue` where the peer waits for it, else `''`. */
  continue(): string {
    if (!this.waitsForContinue || !this.owesResponse) return ''
    this.continued = true
    return CONTINUE
  }

  /**
   * Begins the response that is owed.
   *
   * @param length octets of content, null when only its end can tell; of a response to HEAD: what GET would send
   * @param preamble the fields that every response carries, each ended by CRLF
   * @param mayPersist false when the connection must end for reasons of the server
   * @returns the head, as latin1 text; the content's framing is in `framing`
   */
  respond(response: ResponseHead, length: number | null, preamble: string, mayPersist: boolean): string {
    const { isHead } = this
    const framing = framingOf(response.status, length, this.minor)
    this.writing = 'sending'
    this.persists = mayPersist && (framing !== 'close' || isHead) && this.mayPersist()
    this.owedOctets = length ?? 0
    this.framing = isHead ? 'none' : framing
    const lines = this.persistence.of(this.persists, this.served)
    return writeHead(response.status, preamble, lines, response.fields.wire, framingLine(framing, length))
  }

  /**
   * Accounts for a piece of content that is about to be sent.
   *
   * @param octets how many, more than 0
   * @returns what to send before it; behind it follows `CHUNK_END` when `framing` is chunked
   * @throws {ContentError} when the content runs over its declared length
   */
  piece(octets: number): string {
    if (this.framing === 'chunked') return chunkLine(octets)
    if (this.framing === 'length') {
      this.owedOctets -= octets
      if (this.owedOctets < 0) throw new ContentError('Cannot send content that runs over its declared length')
    }
    return ''
  }

  /**
   * The response's content is complete.
   *
   * @returns what to send behind it
   * @throws {ContentError} when the content ended before its declared length
   */
  finish(): string {
    if (this.framing === 'length' && this.owedOctets > 0) {
      throw new ContentError(`Cannot end content ${this.owedOctets} octets before its declared length`)
    }
    this.writing = 'complete'
    if (!this.persists) this.close()
    else if (this.reading.at === 'complete') this.cycle()
    return this.framing === 'chunked' ? LAST_CHUNK : ''
  }

  private advance(): ConnectionEvent {
    const { reading } = this
    switch (reading.at) {
      case 'head':
        return this.nextHead()
      case 'content':
        return this.writing === 'complete' ? this.discard(reading.decoder) : this.nextContent(reading.decoder)
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

  /** What comes next has nothing to do with the request before it, even when it is refused. */
  private forgetRequest(): void {
    this.request = null
    this.isHead = false
    this.minor = 1
    this.bytesIn = 0
  }

  private begin(head: RawHead): RequestHead {
    this.inbox.from += head.length
    this.bytesIn = head.length
    this.isHead = head.method === 'HEAD'
    this.minor = head.minor
    this.served++
    const request = this.interpret(head)
    this.request = request
    this.writing = 'owed'
    this.trailers = NO_FIELDS
    if (request.length === 0) this.reading = COMPLETE
    else this.beginContent(request.length, head.length)
    return request
  }

  private interpret(head: RawHead): RequestHead {
    const { method, fields, minor } = head
    if (!this.rules.methods.has(method))
      throw new ProtocolError(501, 'method-unknown', 'Cannot serve a method that no route knows')
    const target = parseTarget(method, head.target, this.host(fields, minor), this.rules.secure)
    const length = bodyLength(fields, minor)
    this.checkLength(length, head.length)
    return {
      method,
      target: head.target,
      path: target.path,
      query: target.query,
      authority: target.authority,
      minor,
      fields,
      length,
      expectsContinue: expectsContinue(fields, minor, length !== 0) && this.rules.expectContinue,
      persists: persists(fields, minor),
    }
  }

  private host(fields: FieldSection, minor: number): string | null {
    const host = fields.get('host')
    // "A server MUST respond with a 400 to any HTTP/1.1 request message that lacks a Host header field" (RFC 9112 §3.2).
    if (host === null && minor === 1)
      throw new ProtocolError(400, 'host', 'Cannot serve an HTTP/1.1 request without Host')
    return host
  }

  private checkLength(length: number | 'chunked', headLength: number): void {
    if (length === 'chunked') return
    const { contentOctets, requestOctets } = this.rules.limits
    if (length > contentOctets || headLength + length > requestOctets) {
      throw new ProtocolError(
        413,
        'content-too-large',
        `Cannot take content of ${length} octets: wanted at most ${contentOctets}`,
      )
    }
  }

  private beginContent(length: number | 'chunked', headLength: number): void {
    const { contentOctets, requestOctets, fields } = this.rules.limits
    const decoder =
      length === 'chunked'
        ? new ChunkedDecoder(contentOctets, requestOctets - headLength, fields)
        : new LengthDecoder(length)
    this.reading = { at: 'content', decoder }
    this.contentSeen = false
    this.continued = false
    this.discarded = 0
  }

  private nextContent(decoder: BodyDecoder): Buffer | typeof NEED_MORE | typeof END_OF_CONTENT {
    const piece = decoder.done ? null : this.decode(decoder)
    if (piece !== null) return piece
    if (decoder.done) return this.endContent(decoder)
    if (this.ended) throw incomplete('content')
    return NEED_MORE
  }

  private decode(decoder: BodyDecoder): Buffer | null {
    const { inbox } = this
    const { from } = inbox
    inbox.from = decoder.read(inbox.octets, from, inbox.to)
    this.bytesIn += inbox.from - from
    if (inbox.from > from) this.contentSeen = true
    return decoder.piece
  }

  /** Reads on behind a response that is complete, so that the next request can be found; up to a bound. */
  private discard(decoder: BodyDecoder): ConnectionEvent {
    for (;;) {
      const event = this.nextContent(decoder)
      if (!(event instanceof Uint8Array)) return event
      this.discarded += event.length
      if (this.discarded > MAX_DISCARDED_OCTETS) {
        this.close()
        return CLOSED
      }
    }
  }

  private endContent(decoder: BodyDecoder): typeof END_OF_CONTENT {
    this.trailers = decoder.trailers
    this.reading = COMPLETE
    if (this.writing === 'complete') this.cycle()
    return END_OF_CONTENT
  }

  private get isBetweenRequests(): boolean {
    return this.writing === 'idle' && this.reading.at === 'head'
  }

  private cycle(): void {
    this.reading = HEAD
    this.writing = 'idle'
  }

  private mayPersist(): boolean {
    const { maxRequests } = this.rules
    if (this.request?.persists !== true || this.isClosed) return false
    return (maxRequests === 0 || this.served < maxRequests) && !this.leavesTooMuch()
  }

  /** Whether reading on to the next request would cost too much, or cannot be done since nobody asked for the content. */
  private leavesTooMuch(): boolean {
    if (this.reading.at !== 'content') return false
    return this.waitsForContinue || (this.reading.decoder.remaining ?? 0) > MAX_DISCARDED_OCTETS
  }
}

function framingOf(status: number, length: number | null, minor: number): ResponseFraming {
  if (forbidsContent(status)) return 'none'
  if (length !== null) return 'length'
  return minor === 0 ? 'close' : 'chunked'
}

function framingLine(framing: ResponseFraming, length: number | null): string {
  if (framing === 'length') return LENGTH_LINES.of(length!)
  return framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''
}

function incomplete(part: string): ProtocolError {
  return new ProtocolError(400, 'incomplete', `Cannot read a request: the peer ended the connection inside its ${part}`)
}
