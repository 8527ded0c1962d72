import { FieldSection, NO_FIELDS } from '../../src/domain/message/field-section.js'
import type { EngineContent, EngineRequest } from '../../src/ports/serving/engine.js'
import { RecordingEventLog } from './event-log.js'

/** The parts of a request that a test sets; the rest is that of `GET /` without content. */
export interface FakeRequestInit {
  readonly method?: string
  readonly target?: string
  readonly params?: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers?: Iterable<readonly [name: string, value: string]>
  /** As it arrives; each piece is taken when the handler asks for it. */
  readonly content?: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>
  readonly signal?: AbortSignal
}

/** A request for handlers and engines, without a connection. */
export class FakeRequest implements EngineRequest {
  readonly method: string
  readonly target: string
  readonly path: string
  readonly rawQuery: string
  readonly query: URLSearchParams
  readonly params: Readonly<Record<string, string>>
  readonly headers: FieldSection
  readonly trailers = NO_FIELDS
  readonly hasContent: boolean
  readonly expectsContinue = false
  readonly content: EngineContent
  readonly signal: AbortSignal
  readonly id = 'request-1'
  readonly traceId = '0af7651916cd43dd8448eb211c80319c'
  readonly spanFields = null
  readonly peer = '127.0.0.1:50000'
  readonly tls = null
  readonly log = new RecordingEventLog()
  thread = 0

  constructor(init: FakeRequestInit = {}) {
    const {
      method = 'GET',
      target = '/',
      params = {},
      headers = [],
      content = [],
      signal = new AbortController().signal,
    } = init
    const [path, ...query] = target.split('?')
    this.method = method
    this.target = target
    this.path = path!
    this.rawQuery = query.join('?')
    this.query = new URLSearchParams(this.rawQuery)
    this.params = params
    this.headers = FieldSection.of(headers)
    this.hasContent = init.content !== undefined
    this.content = Object.assign(octetsOf(content), { fetchAhead: () => undefined, awaited: () => false })
    this.signal = signal
  }

  async bytes(): Promise<Buffer> {
    const pieces: Uint8Array[] = []
    for await (const piece of this.content) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  async text(): Promise<string> {
    return (await this.bytes()).toString('utf8')
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  onAbort(told: (reason: Error) => void): void {
    const tell = (): void => told(this.signal.reason as Error)
    if (this.signal.aborted) tell()
    else this.signal.addEventListener('abort', tell, { once: true })
  }
}

async function* octetsOf(content: NonNullable<FakeRequestInit['content']>): AsyncGenerator<Uint8Array> {
  for await (const piece of content) yield typeof piece === 'string' ? Buffer.from(piece) : piece
}
