import { Connection } from '../../src/domain/connection/connection.js'
import { CLOSED, END_OF_CONTENT, NEED_MORE, PAUSED } from '../../src/domain/connection/connection-event.js'
import type { ConnectionRules } from '../../src/domain/connection/connection-rules.js'
import type { Limits } from '../../src/domain/framing/limits.js'
import { KNOWN_METHODS } from '../../src/domain/message/method.js'
import { ProtocolError } from '../../src/domain/message/protocol-error.js'
import type { RequestHead } from '../../src/domain/message/request-head.js'

/** The default limits of a server. */
export const LIMITS: Limits = {
  headOctets: 16 * 1024,
  fields: 100,
  targetLength: 8 * 1024,
  contentOctets: 1024 * 1024,
  requestOctets: 2 * 1024 * 1024,
}

export const RULES: ConnectionRules = {
  limits: LIMITS,
  methods: KNOWN_METHODS,
  secure: false,
  expectContinue: true,
  maxRequests: 0,
  keepAliveSeconds: 75,
}

/** A request that a connection read, with its content and trailers. */
export interface SeenRequest {
  readonly head: RequestHead
  content: Buffer
  trailers: [name: string, value: string][]
  complete: boolean
  /** Whether the connection persisted after its response. */
  persisted: boolean
}

/** A response without content, for tests that only check requests. */
const NO_CONTENT = { status: 200, fields: { wire: '' } }

/**
 * Runs a connection as the server does and records its events: octets are lent and taken back, each request is read to
 * its end and then answered, and a refusal is answered and ends the connection.
 */
export class Dialogue {
  readonly requests: SeenRequest[] = []
  refusal: ProtocolError | null = null
  /** Every event after the refusal; must stay empty. */
  readonly afterwards: (RequestHead | Buffer | ProtocolError)[] = []

  readonly connection: Connection

  private owesAnswer = false

  /** @param answersLate true: a complete request is answered only when `settle` is called */
  constructor(
    rules: Partial<ConnectionRules> = {},
    private readonly answersLate = false,
  ) {
    this.connection = new Connection({ ...RULES, ...rules })
  }

  /** Runs one connection that receives all the pieces. */
  static of(pieces: readonly Buffer[], rules: Partial<ConnectionRules> = {}): Dialogue {
    const dialogue = new Dialogue(rules)
    for (const piece of pieces) dialogue.receive(piece)
    return dialogue
  }

  receive(octets: Buffer): void {
    const lent = Buffer.from(octets)
    this.connection.receive(lent)
    this.drain()
    this.connection.hold()
    // The owner of the buffer overwrites it, so that a test fails if the connection kept a view of it.
    lent.fill('!')
  }

  end(): void {
    this.connection.end()
    this.drain()
    this.connection.hold()
  }

  /** Answers the request that waits for its response, and the requests after it. */
  settle(): void {
    while (this.owesAnswer) {
      this.owesAnswer = false
      this.answer()
      this.drain()
      this.connection.hold()
    }
  }

  get isClosed(): boolean {
    return this.connection.isClosed
  }

  private drain(): void {
    for (;;) {
      const event = this.connection.next()
      if (event === NEED_MORE || event === CLOSED) return
      if (event === PAUSED) {
        if (this.owesAnswer) return
        throw new Error('Cannot go on: the connection waits although every response is finished')
      }
      if (event === END_OF_CONTENT) this.complete()
      else if (this.refusal !== null) this.afterwards.push(event)
      else if (event instanceof ProtocolError) this.refuse(event)
      else if (event instanceof Buffer) this.append(event)
      else this.begin(event as RequestHead)
    }
  }

  private begin(head: RequestHead): void {
    this.requests.push({ head, content: Buffer.alloc(0), trailers: [], complete: false, persisted: false })
    if (head.length === 0) this.complete()
  }

  private append(piece: Buffer): void {
    const request = this.requests.at(-1)!
    request.content = Buffer.concat([request.content, piece])
  }

  private complete(): void {
    const request = this.requests.at(-1)!
    request.complete = true
    request.trailers = [...this.connection.trailers]
    if (this.answersLate) this.owesAnswer = true
    else this.answer()
  }

  private answer(): void {
    const request = this.requests.at(-1)!
    this.connection.respond(NO_CONTENT, 0, '', true)
    request.persisted = this.connection.persists
    this.connection.finish()
  }

  private refuse(error: ProtocolError): void {
    this.refusal = error
    if (!this.connection.owesResponse) return
    this.connection.respond({ status: error.status, fields: { wire: '' } }, 0, '', true)
    this.connection.finish()
  }
}
