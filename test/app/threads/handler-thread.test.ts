import { assert } from 'chai'
import { describe, it } from 'mocha'
import { HandlerThread } from '../../../src/app/threads/handler-thread.js'
import { AnswerRing } from '../../../src/domain/threadpool/answer-ring.js'
import { Claims } from '../../../src/domain/threadpool/claims.js'
import { NO_RESPONSE_FIELDS } from '../../../src/domain/message/response-fields.js'
import { bytes, file, stream, text } from '../../../src/domain/message/response-makers.js'
import { Response } from '../../../src/domain/message/response.js'
import { WINDOW } from '../../../src/domain/threadpool/credit-window.js'
import type { ContentDelivery, FromThread, RequestMessage } from '../../../src/ports/threads/thread-messages.js'
import type { Handler, Plugin, PluginContext, Routes } from '../../../src/ports/plugins/plugin.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { FakeFiles } from '../../fakes/fake-files.js'
import { FakePlugins } from '../../fakes/fake-plugins.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'

/** As many octets as are given back at once. */
const PORTION = WINDOW / 4
const MEBIBYTE = 1024 * 1024

/** A handler thread without a thread, and what it has said. */
class Thread {
  readonly clock = new FakeClock()
  readonly claims = Claims.forSlots(8)
  readonly answers = new AnswerRing()
  readonly batches: (readonly FromThread[])[] = []
  moved: ArrayBuffer[] = []
  readonly meter = { memoryBytes: 0, busyMs: 0 }
  readonly thread: HandlerThread
  posted: () => void = () => undefined
  context: PluginContext | null = null
  /** Numbers one after the other go through the slots in turn. */
  private latest = this.claims.slots

  constructor(routes: Routes, wanted = Object.keys(routes), rest: Partial<Plugin> = {}) {
    const start = (context: PluginContext): void => {
      this.context = context
    }
    this.thread = new HandlerThread({
      thread: 3,
      routes: wanted,
      claims: this.claims,
      answers: this.answers,
      settings: { ...DEFAULT_SETTINGS, threadpool: { ...DEFAULT_SETTINGS.threadpool, memoryBytes: 64 * MEBIBYTE } },
      plugins: new FakePlugins([{ name: 'test', routes, start, ...rest }]),
      files: new FakeFiles({}),
      clock: this.clock,
      meter: this.meter,
      tracing: { load: async () => null },
      post: (batch, transfer) => {
        this.posted()
        this.takeAnswers()
        const rest = batch.filter(([kind]) => kind !== 'answers')
        if (rest.length > 0) this.batches.push(rest)
        this.moved.push(...transfer)
      },
    })
  }

  static async started(handler: Handler, rest?: Partial<Plugin>): Promise<Thread> {
    const thread = new Thread({ 'GET /': handler }, undefined, rest)
    await thread.thread.start()
    assert.deepEqual(thread.said, [['ready']])
    thread.batches.length = 0
    return thread
  }

  /** What it sent, and the short answers that it left in the ring. */
  get said(): readonly FromThread[] {
    this.takeAnswers()
    return this.batches.flat()
  }

  private takeAnswers(): void {
    for (let answer = this.answers.take(); answer !== null; answer = this.answers.take()) {
      const { request, costMs, status, fields, text } = answer
      this.batches.push([
        status === 0 ? ['text', request, costMs, text] : ['response', request, costMs, status, fields, text],
      ])
    }
  }

  /** Open for the thread to begin; not yet told. */
  request(content: ContentDelivery = 'none'): RequestMessage {
    const number = ++this.latest
    this.claims.open(number)
    return [
      'request',
      number,
      0,
      'GET',
      '/?a=b',
      '/',
      'a=b',
      ['id', '7'],
      'Hosta',
      [0, 4, 4, 5],
      content,
      'r',
      't',
      null,
      'p',
      null,
    ]
  }

  /** Hands a request over; gives its number. */
  begin(content: ContentDelivery = 'none'): number {
    const request = this.request(content)
    this.thread.receive([request])
    return request[1]
  }

  kinds(): string[] {
    return this.said.map(([kind]) => kind)
  }
}

const never: Handler = () => new Promise(() => undefined)

describe('HandlerThread', () => {
  describe('its start', () => {
    const routes: Routes = { 'GET /a': () => 'a', 'GET /b': () => 'b' }

    it('tells that it is ready; plugins know the thread', async () => {
      const thread = new Thread(routes)
      await thread.thread.start()
      assert.deepEqual(thread.said, [['ready']])
      assert.equal(thread.context?.thread, 3)
    })

    it('takes the routes by their names, in whatever order they are', async () => {
      const thread = new Thread(routes, ['GET /b', 'GET /a'])
      await thread.thread.start()
      const number = thread.begin()
      await settled()
      assert.deepEqual(thread.said.at(-1), ['text', number, 0, 'b'])
    })

    it('is refused when the plugins have other routes than in the main thread', async () => {
      const thread = new Thread(routes, ['GET /a', 'GET /c'])
      await thread.thread.start()
      const wanted =
        'Cannot run handlers in thread 3: found no "GET /c", an additional "GET /b", wanted the routes of the main thread'
      assert.deepEqual(thread.said, [['start-failed', wanted]])
    })

    it('is refused when a plugin cannot start, with what it says', async () => {
      const start = (): never => assert.fail('no database')
      const thread = new Thread(routes, undefined, { start })
      await thread.thread.start()
      const [kind, reason] = thread.said[0] as readonly [string, string]
      assert.equal(kind, 'start-failed')
      assert.include(reason, 'no database')
    })
  })

  describe('requests', () => {
    for (const [size, content] of [
      ['short', '7'],
      ['long', 'x'.repeat(100_000)],
    ] as const) {
      it(`are answered, with a ${size} answer, before those behind them are begun`, async () => {
        const seen: unknown[] = []
        const thread = await Thread.started(() => {
          seen.push([...thread.said])
          return text(content, { status: 201 })
        })
        const [one, two] = [thread.request(), thread.request()]
        thread.thread.receive([one, two])
        const first = ['response', one[1], 0, 201, 'Content-Type: text/plain; charset=utf-8\r\n', content]
        assert.deepEqual(seen, [[], [first]])
        assert.lengthOf(thread.said, 2)
      })
    }

    it('tell once a turn that there are answers, and again when that takes long', async () => {
      let posts = 0
      const thread = await Thread.started(() => {
        thread.meter.busyMs += 0.4
        return 'quick'
      })
      thread.posted = () => posts++
      thread.thread.receive([thread.request(), thread.request()])
      assert.equal(posts, 0)
      await settled()
      assert.equal(posts, 1)
      thread.thread.receive(Array.from({ length: 4 }, () => thread.request()))
      assert.equal(posts, 2, 'before the turn is over')
      await settled()
      assert.equal(posts, 3)
    })

    it('that were taken back are not run', async () => {
      let runs = 0
      const thread = await Thread.started(() => String(++runs))
      const request = thread.request()
      assert.isTrue(thread.claims.claim(request[1]))
      thread.thread.receive([request])
      await settled()
      assert.deepEqual([runs, thread.said], [0, []])
    })

    /** What a request cost whose handler is at work before and after it waits. */
    async function costOf(work: { before: number; after: number }): Promise<unknown> {
      const thread = await Thread.started(async () => {
        thread.meter.busyMs += work.before
        await settled()
        thread.meter.busyMs += work.after
        return 'done'
      })
      thread.begin()
      await settled()
      await settled()
      return thread.said.find(([kind]) => kind === 'text')?.[2]
    }

    it('tell for how long at one go they have kept the thread from others', async () => {
      assert.equal(await costOf({ before: 5, after: 1 }), 5)
      assert.equal(await costOf({ before: 1, after: 30 }), 30)
    })

    it('are not charged for what was done before they came', async () => {
      const thread = await Thread.started(() => 'quick')
      thread.meter.busyMs += 50
      const number = thread.begin()
      assert.deepEqual(thread.said, [['text', number, 0, 'quick']])
    })

    it('whose handlers wait are told of, but for those that answer in the same turn', async () => {
      const thread = await Thread.started(never)
      const number = thread.begin()
      await settled()
      assert.deepEqual(thread.said, [['waits', number]])
      const quick = await Thread.started(async () => 'quick')
      const other = quick.begin()
      await settled()
      assert.deepEqual(quick.said, [['text', other, 0, 'quick']])
    })

    const failures: [rule: string, handler: Handler, message: string][] = [
      ['throws at once', () => assert.fail('broken'), 'broken'],
      ['throws later', () => Promise.reject(new Error('broken')), 'broken'],
      ['answers with what is no answer', () => 5 as never, 'returned a number. Wrap it: json(value)'],
      [
        'answers with an open file',
        () => new Response(200, NO_RESPONSE_FIELDS, { kind: 'parts', length: 0, parts: [] } as never),
        'returned a response whose content is an object with the keys kind, length, parts',
      ],
      [
        'answers with a file that is none',
        () => file(5 as never),
        'Cannot answer with a file whose path is a number below a object: wanted texts',
      ],
    ]
    for (const [rule, handler, message] of failures) {
      it(`whose handler ${rule} have failed`, async () => {
        const thread = await Thread.started(handler)
        const number = thread.begin()
        await settled()
        const failed = thread.said.find(([kind]) => kind === 'failed')
        assert.equal(failed?.[1], number)
        assert.include((failed as never as [string, number, number, { message: string }])[3].message, message)
      })
    }

    it('are answered by octets that are moved when they are many, and never those of the handler', async () => {
      const own = Buffer.alloc(100_000, 'x')
      const thread = await Thread.started(() => bytes(own))
      thread.begin()
      await settled()
      assert.deepEqual(
        thread.moved.map(({ byteLength }) => byteLength),
        [100_000],
      )
      assert.notStrictEqual(thread.moved[0], own.buffer)
    })

    it('that are aborted are over at once; what they come to is dropped, and told of when it came too late', async () => {
      for (const isOverdue of [false, true]) {
        let answer = (_: string): void => undefined
        let reason: unknown = null
        const thread = await Thread.started(({ signal }) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason
          })
          return new Promise<string>((resolve) => (answer = resolve))
        })
        const number = thread.begin()
        const error = {
          kind: 'error',
          name: 'Error',
          message: 'left',
          stack: '',
          code: null,
          cause: null,
          isBadContent: false,
        } as const
        thread.thread.receive([['abort', number, error, isOverdue]])
        assert.equal((reason as Error).message, 'left')
        answer('late')
        await settled()
        const late = ['log', 'warn', 'late response dropped', { request: 'r', route: 'GET /' }]
        const told = thread.said.filter(([kind]) => kind !== 'waits')
        assert.deepEqual(
          told.toSorted(([one], [other]) => (one > other ? 1 : -1)),
          [['cancelled', number, 0], ...(isOverdue ? [late] : [])] as never,
        )
      }
    })
  })

  describe('content', () => {
    it('is asked for by the handler where it is withheld, and given back as it is consumed', async () => {
      const thread = await Thread.started(async (request) => text(String((await request.bytes()).length)))
      const number = thread.begin('on-demand')
      await settled()
      assert.deepEqual(thread.kinds(), ['pull', 'waits'])
      for (let piece = 0; piece < 2; piece++) {
        thread.thread.receive([['content', number, Buffer.alloc(70_000)]])
        await settled()
      }
      assert.deepEqual(
        thread.said.filter(([kind]) => kind === 'credit'),
        [
          ['credit', number, 70_000],
          ['credit', number, 70_000],
        ],
      )
      thread.thread.receive([['content-end', number, '', []]])
      await settled()
      assert.equal(thread.said.at(-1)?.[5], '140000')
    })

    it('is not given back while the handler does not read it', async () => {
      const thread = await Thread.started(never)
      const number = thread.begin('eager')
      thread.thread.receive([['content', number, Buffer.alloc(WINDOW)]])
      await settled()
      assert.deepEqual(thread.kinds(), ['waits'])
    })
  })

  describe('a stream', () => {
    /** A handler that streams pieces, and whether its stream has ended. */
    const streaming = (size: number) => {
      const seen = { made: 0, ended: false }
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            seen.made++
            yield Buffer.alloc(size)
          }
        } finally {
          seen.ended = true
        }
      }
      return { seen, handler: (() => stream(pieces())) as Handler }
    }

    it('makes nothing before it is wanted, then a window, then as much as is consumed', async () => {
      const { seen, handler } = streaming(PORTION)
      const thread = await Thread.started(handler)
      const number = thread.begin()
      await settled()
      assert.deepEqual(thread.said, [['stream', number, 200, 'Content-Type: application/octet-stream\r\n', null]])
      assert.equal(seen.made, 0)
      thread.thread.receive([['pull', number]])
      await settled()
      const pieces = (): number => thread.said.filter(([kind]) => kind === 'piece').length
      assert.equal(pieces(), WINDOW / PORTION)
      thread.thread.receive([['credit', number, PORTION]])
      await settled()
      assert.equal(pieces(), WINDOW / PORTION + 1)
    })

    it('is ended when nobody wants it any more, begun or not', async () => {
      for (const wanted of [true, false]) {
        const { seen, handler } = streaming(PORTION)
        const thread = await Thread.started(handler)
        const number = thread.begin()
        if (wanted) thread.thread.receive([['pull', number]])
        await settled()
        thread.thread.receive([['cancel', number]])
        await settled()
        assert.deepEqual(thread.said.at(-1), ['cancelled', number, 0])
        assert.equal(seen.ended, wanted)
      }
    })

    it('of empty pieces does not keep the thread from others', async () => {
      const { handler } = streaming(0)
      const thread = await Thread.started(handler)
      const number = thread.begin()
      thread.thread.receive([['pull', number]])
      await settled()
      thread.thread.receive([['cancel', number]])
      await settled()
      assert.deepEqual(thread.said.at(-1), ['cancelled', number, 0])
    })

    it('ends, or fails, behind its pieces', async () => {
      const ends: [handler: Handler, last: string][] = [
        [() => stream(['a', 'b']), 'end'],
        [
          () =>
            stream(
              (function* () {
                yield 'a'
                throw new Error('broken')
              })(),
            ),
          'failed',
        ],
        [() => stream([5 as never]), 'failed'],
        [() => stream(undefined as never), 'failed'],
      ]
      for (const [handler, last] of ends) {
        const thread = await Thread.started(handler)
        const number = thread.begin()
        thread.thread.receive([['pull', number]])
        await settled()
        assert.equal(thread.kinds().at(-1), last)
      }
    })
  })

  describe('what surrounds plugins', () => {
    it('logs at once, so that who blocks behind it has been heard', async () => {
      const circle: unknown[] = []
      circle.push(circle)
      const thread = await Thread.started(({ log }) => {
        log.info('told', { a: 1, list: [new Error('in a list')], f: () => 1, circle })
        assert.deepEqual(thread.kinds(), ['log'])
        return 'x'
      })
      thread.begin()
      const [, level, event, facts] = thread.said[0] as never as [string, string, string, Record<string, unknown>]
      assert.deepEqual([level, event, facts['a'], facts['request']], ['info', 'told', 1, 'r'])
      assert.include((facts['list'] as { json: string }).json, '"message":"in a list"')
      assert.isString(facts['f'])
      assert.isString(facts['circle'])
      assert.doesNotThrow(() => structuredClone(facts))
    })

    it('bounds the log lines that are under way, and tells what was dropped', async () => {
      const thread = await Thread.started(never)
      for (let line = 0; line < 1500; line++) thread.context!.log.info('line')
      assert.lengthOf(thread.said, 1000)
      thread.thread.receive([['logged', 1000]])
      assert.deepEqual(thread.said.at(-1), ['log', 'warn', 'log lines dropped', { dropped: 500 }])
      thread.context!.log.debug('below the level')
      assert.lengthOf(thread.said, 1001)
    })

    it('asks the main thread for the metrics, once for all who ask', async () => {
      const thread = await Thread.started(never)
      const { metrics } = thread.context!
      const answers = Promise.all([metrics.snapshot(), metrics.snapshot()])
      await settled()
      assert.deepEqual(thread.said, [['ask', 'snapshot']])
      thread.thread.receive([['snapshot', { engine: 'e' } as never]])
      assert.deepEqual(await answers, [{ engine: 'e' }, { engine: 'e' }] as never)
      const failing = metrics.perWorker().catch((error: unknown) => error)
      thread.thread.receive([['ask-failed', 'per-worker', { kind: 'value', value: 'no' }]])
      assert.equal(await failing, 'no')
    })

    it('knows the state that it was told last', async () => {
      const thread = await Thread.started(never)
      const { phase, unready } = thread.context!
      assert.deepEqual([phase(), unready()], ['starting', 'starting'])
      thread.thread.receive([['state', 'running', null]])
      assert.deepEqual([phase(), unready()], ['running', null])
    })
  })

  it('answers a question whether it is there', async () => {
    const thread = await Thread.started(never)
    thread.thread.receive([['probe']])
    await settled()
    assert.deepEqual(thread.said, [['alive']])
  })

  it('tells when it has taken more memory than it may', async () => {
    const thread = await Thread.started(never)
    thread.clock.advance(1000)
    assert.isEmpty(thread.said)
    thread.meter.memoryBytes = 65 * MEBIBYTE
    thread.clock.advance(250)
    assert.deepEqual(thread.said, [['memory', 65 * MEBIBYTE]])
  })

  it('stops its plugins, and logs those that fail to', async () => {
    let stops = 0
    const thread = await Thread.started(never, {
      stop: () => {
        stops++
      },
    })
    thread.thread.receive([['stop']])
    await settled()
    assert.deepEqual([stops, thread.said], [1, [['stopped']]])
    const failing = await Thread.started(never, { stop: () => assert.fail('cannot stop') })
    failing.thread.receive([['stop']])
    await settled()
    assert.deepEqual(failing.kinds(), ['log', 'stopped'])
    assert.equal(failing.said[0]?.[2], 'plugin stop failed')
  })
})
