import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { fileURLToPath } from 'node:url'
import { FolderPlugins } from '../../src/adapters/plugins/folder-plugins.js'
import { ContentReader } from '../../src/app/serving/content-reader.js'
import { HandlerRequest } from '../../src/app/serving/handler-request.js'
import { BadContentError } from '../../src/domain/message/bad-content-error.js'
import { FieldSection } from '../../src/domain/message/field-section.js'
import type { FileReference, Response, StreamedContent } from '../../src/domain/message/response.js'
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

const HANDLERS = fileURLToPath(new URL('./engine-handlers', import.meta.url))

/** The settings of an engine in the contract: two threads, if it has any, and the handlers of the contract. */
export const CONTRACT_SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  threadpool: { ...DEFAULT_SETTINGS.threadpool, workers: 2 },
  plugins: { ...DEFAULT_SETTINGS.plugins, directory: HANDLERS },
}

/** How long a condition may take that is expected to be true soon. */
const PATIENCE_MS = 5000

/** The contract of every engine. */
export function engineContract(name: string, make: () => Engine): void {
  describe(`${name} keeps the contract of an engine`, function () {
    this.timeout(20_000)

    const bench = new EngineBench(make())
    before(() => bench.start())
    after(() => bench.stop())

    const run = (key: string, init?: RequestInit): Promise<Answer> => bench.run(key, init)
    const respond = async (key: string, init?: RequestInit): Promise<Response> => (await run(key, init)) as Response
    const stream = async (key: string, init?: RequestInit): Promise<AsyncIterator<Uint8Array | string>> =>
      piecesOf(await respond(key, init))[Symbol.asyncIterator]()

    it('has a name, and no trouble', () => {
      assert.match(bench.engine.name, /^[a-z]+$/)
      assert.isNull(bench.engine.trouble)
      const { threads } = bench.engine
      if (threads !== null) assert.deepEqual([threads.configured, threads.ready], [2, 2])
    })

    it('passes a handler its request', async () => {
      const { content } = await respond('GET /users/:id/*', {
        target: '/users/7/a%2Fb?q=1&q=%20',
        path: '/users/7/a%2Fb',
      })
      assert.deepEqual(JSON.parse(content as string), {
        method: 'GET',
        target: '/users/7/a%2Fb?q=1&q=%20',
        path: '/users/7/a%2Fb',
        query: [
          ['q', '1'],
          ['q', ' '],
        ],
        params: { id: '7', '*': 'a/b' },
        headers: [
          ['host', 'a'],
          ['x-latin', 'é'],
        ],
        id: 'r-1',
        traceId: '0'.repeat(32),
        peer: '192.0.2.1:5',
      })
    })

    it('passes params without a prototype', async () => {
      assert.equal((await respond('GET /prototype/:id')).content, 'null')
    })

    it('returns a bare string: at once, from a promise, and after a delay', async () => {
      assert.equal(await run('GET /string'), 'ünd ☃')
      assert.equal(await run('GET /promise'), 'later')
      assert.equal(await run('GET /timer'), 'after a while')
    })

    it('returns a response with its status and fields', async () => {
      const { status, fields, content } = await respond('GET /text')
      assert.deepEqual([status, content], [201, 'hello'])
      assert.equal(
        fields.wire,
        'X-A: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain; charset=utf-8\r\n',
      )
      assert.equal(fields.get('x-a'), 'b')
      const nothing = await respond('GET /empty')
      assert.deepEqual([nothing.status, nothing.content], [204, null])
    })

    it('returns octets, and leaves the handler its own', async () => {
      for (let time = 0; time < 2; time++) {
        const octets = (await respond('GET /octets')).content as Uint8Array
        assert.equal(Buffer.from(octets).toString(), 'octets of a pool')
        assert.equal(((await respond('GET /large')).content as Uint8Array).length, 100_000)
      }
      assert.equal((await respond('GET /kept')).content, 'octets of a pool true 100000 65536')
    })

    it('returns a file as its description', async () => {
      const { content, fields } = await respond('GET /file')
      const reference: FileReference = { kind: 'file', path: 'a/b.txt', root: '/srv', precompressed: true }
      assert.deepEqual(content, reference)
      assert.equal(fields.get('X-A'), 'b')
    })

    it('makes no promise for an inline handler that returns none', () => {
      assert.equal(bench.runNow('GET /inline'), 'now')
    })

    for (const key of ['GET /throws', 'GET /throws-inline', 'GET /rejects']) {
      it(`throws what the handler of ${key} throws`, async () => {
        const error = (await failure(() => run(key))) as Error & { code: string }
        assert.instanceOf(error, Error)
        assert.deepEqual([error.name, error.message, error.code], ['TypeError', 'at once', 'E_ODD'])
        assert.include(error.stack, 'handlers')
        assert.equal((error.cause as Error).message, 'root')
      })
    }

    it('throws a value that is not an error as well', async () => {
      assert.equal(await failure(() => run('GET /throws-text')), 'a text')
    })

    it('throws a BadContentError as one', async () => {
      assert.instanceOf(await failure(() => run('POST /bad-json', { content: ['{"a":'] })), BadContentError)
      assert.equal((await respond('POST /caught', { content: ['{"a":'] })).content, 'true true')
    })

    it('passes a handler the whole content, and its trailers', async () => {
      const pieces = [Buffer.alloc(300_000, 'a'), Buffer.from('b')]
      const { content } = await respond('POST /bytes', { content: pieces })
      assert.isTrue(Buffer.concat(pieces).equals(content as Uint8Array))
      const trailers = [['x-sum', '7']] as const
      const both = await respond('POST /trailers', { content: ['abc'], trailers })
      assert.deepEqual(JSON.parse(both.content as string), ['abc', ['x-sum', '7']])
    })

    it('does not ask a peer that expects 100 Continue for content before the handler does', async () => {
      const asked: string[] = []
      const init = { content: ['abc'], expectsContinue: true, asked: () => asked.push('asked') }
      assert.equal(await run('POST /ignored', init), 'ignored')
      assert.deepEqual(asked, [])
      assert.equal(Buffer.from((await respond('POST /bytes', init)).content as Uint8Array).toString(), 'abc')
      assert.isAbove(asked.length, 0)
    })

    it('knows whether the handler waits for content', async () => {
      const { request } = bench.begin('POST /waits', { content: [], isSlow: true })
      await bench.event('waits')
      await turns(20)
      assert.isFalse(request.content.isAwaited, 'a handler that does not read does not wait for content')
      request.abort(new Error('enough'))
      const reading = bench.begin('POST /bytes', { content: [], isSlow: true })
      await until(() => reading.request.content.isAwaited)
      reading.request.content.end()
      assert.lengthOf(((await reading.answer) as Response).content as Uint8Array, 0)
    })

    it('fails the content that a handler reads if it breaks off', async () => {
      assert.equal(await run('POST /failing', { content: ['a'], failure: new Error('cut off') }), 'true cut off')
    })

    it('does not read content from the peer while the handler does not read it', async () => {
      let asked = 0
      const endless = Array<Buffer>(1000).fill(Buffer.alloc(65_536))
      const pieces = await stream('POST /echo', { content: endless, asked: () => asked++ })
      await pieces.next()
      await turns(20)
      assert.isBelow(asked, 30)
      await pieces.return?.()
    })

    it('returns a stream, piece by piece', async () => {
      const { content, fields } = await respond('GET /pieces')
      assert.equal((content as StreamedContent).length, 4)
      assert.equal(fields.get('content-type'), 'text/odd')
      const pieces: Buffer[] = []
      for await (const piece of (content as StreamedContent).pieces) pieces.push(Buffer.from(piece as string))
      assert.equal(Buffer.concat(pieces).toString(), 'abü')
    })

    it('lets a stream run at most a window ahead of its reader, and ends one that is not read to its end', async () => {
      const pieces = await stream('GET /counted')
      for (let taken = 0; taken < 3; taken++) assert.lengthOf((await pieces.next()).value as Uint8Array, 65_536)
      await pieces.return?.()
      const made = (await bench.event('counted ended')).facts['made'] as number
      assert.isAtLeast(made, 2)
      assert.isAtMost(made, 10)
    })

    it('streams content back while it arrives', async () => {
      const sent = Array.from({ length: 40 }, (_, at) => Buffer.alloc(40_000, String(at)))
      const pieces = await stream('POST /echo', { content: sent })
      const received: Uint8Array[] = []
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
        received.push(next.value as Uint8Array)
      }
      assert.isTrue(Buffer.concat(received).equals(Buffer.concat(sent)))
    })

    it('throws the error of a stream after the pieces before it', async () => {
      const pieces = await stream('GET /failing')
      assert.equal(Buffer.from((await pieces.next()).value as string).toString(), 'a piece')
      assert.equal(((await failure(() => pieces.next())) as Error).message, 'broken stream')
    })

    it('aborts the signal when the request is aborted, with the reason', async () => {
      const { request } = bench.begin('GET /waits')
      await turns(5)
      request.abort(new Error('the peer left'))
      assert.deepInclude((await bench.event('aborted')).facts, { request: 'r-1', reason: 'the peer left' })
      await until(() => (bench.engine.threads?.inFlight ?? 0) === 0)
    })

    it('writes the log lines of handlers to the log, with errors as errors', async () => {
      await run('GET /log')
      const { level, facts } = await bench.event('an event')
      assert.equal(level, 'warn')
      assert.deepInclude(facts, { request: 'r-1', a: 1, object: { b: [true, null] }, big: 5n })
      const error = facts['error'] as Error & { code: string }
      assert.instanceOf(error, Error)
      assert.deepEqual([error.name, error.message, error.code], ['TypeError', 'at once', 'E_ODD'])
      assert.equal((error.cause as Error).message, 'root')
    })

    it('passes plugins their context, wherever they are loaded', async () => {
      const { request, answer } = bench.begin('GET /context')
      const [thread, phase, unready, engine, workers] = JSON.parse(
        ((await answer) as Response).content as string,
      ) as unknown[]
      assert.deepEqual([phase, unready, engine, workers], ['running', null, 'asked', 1])
      assert.equal(request.thread, thread)
    })

    it('passes plugins changes of the state of the service', async () => {
      bench.phase = 'draining'
      bench.unready = 'draining'
      await untilAsync(async () => {
        const [, phase, unready] = JSON.parse((await respond('GET /context')).content as string) as unknown[]
        return phase === 'draining' && unready === 'draining'
      })
    })

    it('runs handlers concurrently: one that waits delays no other', async () => {
      const { request } = bench.begin('GET /waits')
      const many = await Promise.all(Array.from({ length: 50 }, () => run('GET /string')))
      assert.deepEqual(new Set(many), new Set(['ünd ☃']))
      request.abort(new Error('enough'))
    })

    it('has an empty queue while no request waits', () => {
      assert.equal(bench.engine.queue.length, 0)
      assert.isAtLeast(bench.engine.queue.capacity, 0)
    })
  })
}

interface RequestInit {
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
class EngineBench {
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
    await until(() => this.log.events.some(({ event }) => event === name))
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
  const owner = { request: 'r-1', trace: '0'.repeat(32), spanFields: null, peer: '192.0.2.1:5', security: null, log }
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

function piecesOf({ content }: Response): AsyncIterable<Uint8Array | string> {
  const { pieces } = content as StreamedContent
  if (Symbol.asyncIterator in pieces) return pieces
  return (async function* () {
    yield* pieces
  })()
}

async function failure(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt()
  } catch (error) {
    return error
  }
  throw new Error('Expected a failure: the attempt succeeded')
}

async function until(condition: () => boolean): Promise<void> {
  await untilAsync(async () => condition())
}

async function untilAsync(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`Cannot wait any longer: the condition is still false after ${PATIENCE_MS} ms`)
    await turns(1)
  }
}

/** Waits for some turns of the event loop, in which messages reach the other thread. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
}
