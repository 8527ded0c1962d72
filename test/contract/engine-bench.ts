import { assert } from 'chai'
import { fileURLToPath } from 'node:url'
import { FolderPlugins } from '../../src/adapters/plugins/folder-plugins.js'
import { ContentReader } from '../../src/app/serving/content-reader.js'
import { HandlerRequest } from '../../src/app/serving/handler-request.js'
import { FieldSection } from '../../src/domain/message/field-section.js'
import type { Response, StreamedContent } from '../../src/domain/message/response.js'
import type { Phase } from '../../src/domain/lifecycle/drain.js'
import type { Engine } from '../../src/ports/serving/engine.js'
import type { EventLog } from '../../src/ports/operations/event-log.js'
import type { MetricsSnapshot, WorkerSnapshot } from '../../src/ports/operations/metrics.js'
import type { Answer, SharedContext } from '../../src/ports/plugins/plugin.js'
import type { PluginRoute } from '../../src/ports/plugins/plugin-source.js'
import type { Settings } from '../../src/ports/operations/settings.js'
import { RecordingEventLog } from '../fakes/event-log.js'
import { FakeFiles } from '../fakes/fake-files.js'
import { DEFAULT_SETTINGS } from '../fakes/settings.js'
import { eventually } from '../support/waiting.js'

const HANDLERS = fileURLToPath(new URL('./engine-handlers', import.meta.url))

/** The settings of an engine in the contract: two threads, if it has any, and the handlers of the contract. */
export const CONTRACT_SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  threadpool: { ...DEFAULT_SETTINGS.threadpool, workers: 2 },
  plugins: { ...DEFAULT_SETTINGS.plugins, directory: HANDLERS },
}

export interface RequestInit {
  readonly target?: string
  readonly path?: string
  readonly content?: readonly (string | Buffer)[]
  readonly trailers?: readonly (readonly [string, string])[]
  readonly expectsContinue?: boolean
  /** The error with which the content breaks off. */
  readonly failure?: Error
  /** Whether no content is sent when it is asked for: the test itself pushes it, and ends it. */
  readonly isSlow?: boolean
  /** Called whenever content is asked for. */
  readonly asked?: () => void
}

/** Runs an engine with the handlers of the contract. */
export class EngineBench {
  phase: Phase = 'running'
  unready: string | null = null
  private readonly log = new RecordingEventLog()
  private routes: readonly PluginRoute[] = []
  private stopPlugins: () => Promise<void> = () => Promise.resolve()

  constructor(readonly engine: Engine) {}

  async start(): Promise<void> {
    const plugins = await new FolderPlugins().load(CONTRACT_SETTINGS)
    this.routes = await plugins.start(this.context())
    this.stopPlugins = () => plugins.stop()
    await this.engine.start(this.routes, this.context())
  }

  async stop(): Promise<void> {
    await this.engine.stop()
    await this.stopPlugins()
    const stopped = this.log.events.filter(({ event }) => event === 'handlers stopped')
    assert.lengthOf(stopped, 1 + (this.engine.threads?.configured ?? 0), 'each thread stops its plugins')
  }

  begin(key: string, init: RequestInit = {}): { request: HandlerRequest; answer: Promise<Answer> } {
    const request = requestOf(key, init, this.log)
    return { request, answer: (async () => this.engine.run(this.placed(key), request))() }
  }

  run(key: string, init?: RequestInit): Promise<Answer> {
    return this.begin(key, init).answer
  }

  runNow(key: string): Answer | Promise<Answer> {
    return this.engine.run(this.placed(key), requestOf(key, {}, this.log))
  }

  async event(name: string): Promise<RecordingEventLog['events'][number]> {
    await eventually(`the event "${name}"`, () => this.log.events.some(({ event }) => event === name))
    return this.log.events.find(({ event }) => event === name)!
  }

  private placed(key: string): PluginRoute {
    return this.routes.find(({ method, pattern }) => `${method} ${pattern}` === key)!
  }

  private context(): SharedContext {
    const metrics = {
      snapshot: async () => ({ engine: 'asked' }) as MetricsSnapshot,
      perWorker: async () => [{ worker: 1 } as WorkerSnapshot],
    }
    const files = new FakeFiles({})
    return { log: this.log, files, metrics, phase: () => this.phase, unready: () => this.unready, thread: 0 }
  }
}

function requestOf(key: string, init: RequestInit, log: EventLog): HandlerRequest {
  const { target = '/', path = '/', content, expectsContinue = false } = init
  const head = {
    method: key.split(' ')[0]!,
    target,
    path,
    query: target.split('?')[1] ?? '',
    fields: FieldSection.of([
      ['Host', 'a'],
      ['X-Latin', 'é'],
    ]),
    expectsContinue,
  }
  const params = Object.assign(Object.create(null) as Record<string, string>, { id: '7', '*': 'a/b' })
  const owner = { requestId: 'r-1', trace: '0'.repeat(32), spanFields: null, peer: '192.0.2.1:5', security: null, log }
  if (content === undefined) return new HandlerRequest(head, params, null, owner)
  return withContent(init, content, (reader) => new HandlerRequest(head, params, reader, owner))
}

/** Makes a request whose content arrives one piece at a time, each when it is asked for. */
function withContent(
  { trailers = [], failure: broken, asked, isSlow = false }: RequestInit,
  content: readonly (string | Buffer)[],
  make: (reader: ContentReader) => HandlerRequest,
): HandlerRequest {
  const left = [...content]
  const reader: ContentReader = new ContentReader(() => {
    asked?.()
    if (isSlow) return
    const piece = left.shift()
    if (piece !== undefined) reader.push(Buffer.from(piece as string))
    else if (broken !== undefined) reader.fail(broken)
    else {
      request.trailers = FieldSection.of(trailers)
      reader.end()
    }
  })
  const request = make(reader)
  return request
}

export function piecesOf({ content }: Response): AsyncIterable<Uint8Array | string> {
  const { pieces } = content as StreamedContent
  if (Symbol.asyncIterator in pieces) return pieces
  return (async function* () {
    yield* pieces
  })()
}

export async function failure(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt()
  } catch (error) {
    return error
  }
  throw new Error('Expected a failure: the attempt succeeded')
}

/** Waits for some turns of the event loop, in which messages reach the other thread. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
}
