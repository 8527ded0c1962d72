import { assert } from 'chai'
import { HandlerThread } from '../../../src/app/threads/handler-thread.js'
import { AnswerRing } from '../../../src/domain/threadpool/answer-ring.js'
import { Claims } from '../../../src/domain/threadpool/claims.js'
import type { ContentDelivery, FromThread, RequestMessage } from '../../../src/ports/threads/thread-messages.js'
import type { Handler, Plugin, PluginContext, Routes } from '../../../src/ports/plugins/plugin.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { FakeFiles } from '../../fakes/fake-files.js'
import { FakePlugins } from '../../fakes/fake-plugins.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'

export const MEBIBYTE = 1024 * 1024

/** A handler thread that runs in the thread of the test, and the messages that it has sent. */
export class TestThread {
  readonly clock = new FakeClock()
  readonly claims = Claims.forSlots(8)
  readonly answers = new AnswerRing()
  readonly batches: (readonly FromThread[])[] = []
  transferred: ArrayBuffer[] = []
  readonly meter = { memoryBytes: 0, busyMs: 0 }
  readonly thread: HandlerThread
  posted: () => void = () => undefined
  context: PluginContext | null = null
  /** The latest request number; consecutive numbers have different slots. */
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
        this.transferred.push(...transfer)
      },
    })
  }

  static async started(handler: Handler, rest?: Partial<Plugin>): Promise<TestThread> {
    const thread = new TestThread({ 'GET /': handler }, undefined, rest)
    await thread.thread.start()
    assert.deepEqual(thread.sent, [['ready']])
    thread.batches.length = 0
    return thread
  }

  /** All messages that it has sent; short answers in the ring appear as messages, too. */
  get sent(): readonly FromThread[] {
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

  /** A request that the thread can claim, and has not received yet. */
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

  /** Assigns a request; returns its number. */
  begin(content: ContentDelivery = 'none'): number {
    const request = this.request(content)
    this.thread.receive([request])
    return request[1]
  }

  kinds(): string[] {
    return this.sent.map(([kind]) => kind)
  }
}

/** A handler that never answers. */
export const never: Handler = () => new Promise(() => undefined)
