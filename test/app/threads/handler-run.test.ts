import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NO_RESPONSE_FIELDS } from '../../../src/domain/message/response-fields.js'
import { bytes, file, stream, text } from '../../../src/domain/message/response-makers.js'
import { Response } from '../../../src/domain/message/response.js'
import { WINDOW } from '../../../src/domain/threadpool/credit-window.js'
import type { Handler } from '../../../src/ports/plugins/plugin.js'
import { settled } from '../serving/served.js'
import { never, TestThread } from './test-thread.js'

/** A fraction of the window: the receiver returns credit from here on. */
const THRESHOLD = WINDOW / 4

describe('HandlerRun', () => {
  describe('requests', () => {
    for (const [size, content] of [
      ['short', '7'],
      ['long', 'x'.repeat(100_000)],
    ] as const) {
      it(`are answered, with a ${size} answer, before the next request is begun`, async () => {
        const seen: unknown[] = []
        const thread = await TestThread.started(() => {
          seen.push([...thread.sent])
          return text(content, { status: 201 })
        })
        const [one, two] = [thread.request(), thread.request()]
        thread.thread.receive([one, two])
        const first = ['response', one[1], 0, 201, 'Content-Type: text/plain; charset=utf-8\r\n', content]
        assert.deepEqual(seen, [[], [first]])
        assert.lengthOf(thread.sent, 2)
      })
    }

    it('have their answers announced once per turn, and earlier in a long turn', async () => {
      let posts = 0
      const thread = await TestThread.started(() => {
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
      const thread = await TestThread.started(() => String(++runs))
      const request = thread.request()
      assert.isTrue(thread.claims.claim(request[1]))
      thread.thread.receive([request])
      await settled()
      assert.deepEqual([runs, thread.sent], [0, []])
    })

    /** The cost of a request whose handler is busy for these times, before and after it waits. */
    async function costOf(work: { before: number; after: number }): Promise<unknown> {
      const thread = await TestThread.started(async () => {
        thread.meter.busyMs += work.before
        await settled()
        thread.meter.busyMs += work.after
        return 'done'
      })
      thread.begin()
      await settled()
      await settled()
      return thread.sent.find(([kind]) => kind === 'text')?.[2]
    }

    it('have as their cost the longest time for which they blocked the thread without interruption', async () => {
      assert.equal(await costOf({ before: 5, after: 1 }), 5)
      assert.equal(await costOf({ before: 1, after: 30 }), 30)
    })

    it('are not charged for busy time before they arrived', async () => {
      const thread = await TestThread.started(() => 'quick')
      thread.meter.busyMs += 50
      const number = thread.begin()
      assert.deepEqual(thread.sent, [['text', number, 0, 'quick']])
    })

    it('are reported if their handlers wait beyond the turn', async () => {
      const thread = await TestThread.started(never)
      const number = thread.begin()
      await settled()
      assert.deepEqual(thread.sent, [['yielded', number]])
      const quick = await TestThread.started(async () => 'quick')
      const other = quick.begin()
      await settled()
      assert.deepEqual(quick.sent, [['text', other, 0, 'quick']])
    })

    const failures: [rule: string, handler: Handler, message: string][] = [
      ['throws at once', () => assert.fail('broken'), 'broken'],
      ['throws later', () => Promise.reject(new Error('broken')), 'broken'],
      ['returns something that is not an answer', () => 5 as never, 'returned a number. Wrap it: json(value)'],
      [
        'returns an open file',
        () => new Response(200, NO_RESPONSE_FIELDS, { kind: 'parts', length: 0, parts: [] } as never),
        'returned a response whose content is an object with the keys kind, length, parts',
      ],
      [
        'returns a file without a valid path',
        () => file(5 as never),
        'Cannot answer with a file whose path is a number below a object: wanted texts',
      ],
    ]
    for (const [rule, handler, message] of failures) {
      it(`fail if the handler ${rule}`, async () => {
        const thread = await TestThread.started(handler)
        const number = thread.begin()
        await settled()
        const failed = thread.sent.find(([kind]) => kind === 'failed')
        assert.equal(failed?.[1], number)
        assert.include((failed as never as [string, number, number, { message: string }])[3].message, message)
      })
    }

    it('are answered with octets that are transferred if they are many, and never the octets of the handler itself', async () => {
      const own = Buffer.alloc(100_000, 'x')
      const thread = await TestThread.started(() => bytes(own))
      thread.begin()
      await settled()
      assert.deepEqual(
        thread.transferred.map(({ byteLength }) => byteLength),
        [100_000],
      )
      assert.notStrictEqual(thread.transferred[0], own.buffer)
    })

    it('end at once when they are aborted; a later answer is dropped, and logged if the handler took too long', async () => {
      for (const isOverdue of [false, true]) {
        let answer = (_: string): void => undefined
        let reason: unknown = null
        const thread = await TestThread.started(({ signal }) => {
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
        const messages = thread.sent.filter(([kind]) => kind !== 'yielded')
        assert.deepEqual(
          messages.toSorted(([one], [other]) => (one > other ? 1 : -1)),
          [['cancelled', number, 0], ...(isOverdue ? [late] : [])] as never,
        )
      }
    })
  })

  describe('content', () => {
    it('is requested on demand, and its credit is returned as it is consumed', async () => {
      const thread = await TestThread.started(async (request) => text(String((await request.bytes()).length)))
      const number = thread.begin('on-demand')
      await settled()
      assert.deepEqual(thread.kinds(), ['pull', 'yielded'])
      for (let piece = 0; piece < 2; piece++) {
        thread.thread.receive([['content', number, Buffer.alloc(70_000)]])
        await settled()
      }
      assert.deepEqual(
        thread.sent.filter(([kind]) => kind === 'credit'),
        [
          ['credit', number, 70_000],
          ['credit', number, 70_000],
        ],
      )
      thread.thread.receive([['content-end', number, '', []]])
      await settled()
      assert.equal(thread.sent.at(-1)?.[5], '140000')
    })

    it('keeps its credit while the handler does not read it', async () => {
      const thread = await TestThread.started(never)
      const number = thread.begin('eager')
      thread.thread.receive([['content', number, Buffer.alloc(WINDOW)]])
      await settled()
      assert.deepEqual(thread.kinds(), ['yielded'])
    })
  })

  describe('a stream', () => {
    /** A handler whose stream never ends, and counts of what the stream did. */
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

    it('produces nothing before it is pulled, then a window, then as much as credit is returned', async () => {
      const { seen, handler } = streaming(THRESHOLD)
      const thread = await TestThread.started(handler)
      const number = thread.begin()
      await settled()
      assert.deepEqual(thread.sent, [['stream', number, 200, 'Content-Type: application/octet-stream\r\n', null]])
      assert.equal(seen.made, 0)
      thread.thread.receive([['pull', number]])
      await settled()
      const pieces = (): number => thread.sent.filter(([kind]) => kind === 'piece').length
      assert.equal(pieces(), WINDOW / THRESHOLD)
      thread.thread.receive([['credit', number, THRESHOLD]])
      await settled()
      assert.equal(pieces(), WINDOW / THRESHOLD + 1)
    })

    it('ends when it is cancelled, whether it has begun or not', async () => {
      for (const wanted of [true, false]) {
        const { seen, handler } = streaming(THRESHOLD)
        const thread = await TestThread.started(handler)
        const number = thread.begin()
        if (wanted) thread.thread.receive([['pull', number]])
        await settled()
        thread.thread.receive([['cancel', number]])
        await settled()
        assert.deepEqual(thread.sent.at(-1), ['cancelled', number, 0])
        assert.equal(seen.ended, wanted)
      }
    })

    it('of empty pieces does not block the thread', async () => {
      const { handler } = streaming(0)
      const thread = await TestThread.started(handler)
      const number = thread.begin()
      thread.thread.receive([['pull', number]])
      await settled()
      thread.thread.receive([['cancel', number]])
      await settled()
      assert.deepEqual(thread.sent.at(-1), ['cancelled', number, 0])
    })

    it('ends, or fails, after its pieces', async () => {
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
        const thread = await TestThread.started(handler)
        const number = thread.begin()
        thread.thread.receive([['pull', number]])
        await settled()
        assert.equal(thread.kinds().at(-1), last)
      }
    })
  })
})
