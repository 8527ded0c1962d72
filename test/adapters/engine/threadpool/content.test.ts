import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ContentReader } from '../../../../src/app/serving/content-reader.js'
import type { Response, StreamedContent } from '../../../../src/domain/message/response.js'
import { WINDOW } from '../../../../src/domain/threadpool/credit-window.js'
import { settled } from '../../../app/serving/served.js'
import type { FakeThread } from './fake-thread.js'
import { QUICK, TestPool } from './test-pool.js'

describe('ThreadpoolEngine: content', () => {
  const readerOf = (pieces: string[]): { reader: ContentReader; asked: () => number } => {
    let asked = 0
    const reader: ContentReader = new ContentReader(() => {
      asked++
      const piece = pieces.shift()
      if (piece === undefined) reader.end()
      else reader.push(Buffer.from(piece))
    })
    return { reader, asked: () => asked }
  }
  const received = (thread: FakeThread): string[] =>
    thread.batches.flat().flatMap((message) => {
      if (message[0] === 'content') return [`${message[1]} ${Buffer.from(message[2]).toString()}`]
      return message[0] === 'content-end' ? [`${message[1]} end`] : []
    })

  it('is sent with the request, and sent again when the request is taken back', async () => {
    const pool = await TestPool.started()
    pool.run(QUICK, readerOf(['a', 'b']).reader)
    await settled()
    const [first, second] = pool.pair
    const number = first.latest
    assert.deepEqual(received(first), [`${number} a`, `${number} b`, `${number} end`])
    await pool.pass(40)
    const again = second.latest
    assert.deepEqual(received(second), [`${again} a`, `${again} b`, `${again} end`])
  })

  it('of a peer that expects 100 Continue is not read before the handler asks for it', async () => {
    const pool = await TestPool.started()
    const { reader, asked } = readerOf(['a'])
    const { request } = pool.run(QUICK, reader, true)
    await settled()
    const thread = pool.threads.at(request.thread)
    assert.equal(thread.requests[0]?.[10], 'on-demand')
    assert.equal(asked(), 0)
    thread.claim()
    thread.sends(['pull', thread.latest])
    await settled()
    assert.lengthOf(received(thread), 2)
  })

  it('is sent up to a window until the thread returns credit', async () => {
    const pool = await TestPool.started()
    const { reader, asked } = readerOf(Array<string>(100).fill('x'.repeat(WINDOW / 4)))
    const { request } = pool.run(QUICK, reader)
    await settled()
    const thread = pool.threads.at(request.thread)
    const before = asked()
    assert.equal(before, 5)
    thread.claim()
    thread.sends(['credit', thread.latest, WINDOW / 2])
    await settled()
    assert.equal(asked(), before + 2)
  })

  it('fails in the thread when it fails in the main thread', async () => {
    const pool = await TestPool.started()
    const reader: ContentReader = new ContentReader(() => reader.fail(new Error('cut off')))
    const { request } = pool.run(QUICK, reader)
    await settled()
    const failures = pool.threads.at(request.thread).received('content-failed')
    assert.deepInclude(failures[0]?.[2] as object, { message: 'cut off' })
  })

  it('of a response is requested when it is read, and its credit is returned as it is consumed', async () => {
    const { pool, run, thread } = await TestPool.withClaimed()
    thread.sends(['stream', thread.latest, 200, 'Content-Type: a/b\r\n', 5])
    const { content, fields } = (await run.answer) as Response
    assert.equal(fields.get('content-type'), 'a/b')
    const iterator = ((content as StreamedContent).pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    assert.isEmpty(thread.received('pull'))
    const first = iterator.next()
    await settled()
    assert.lengthOf(thread.received('pull'), 1)
    thread.sends(['piece', thread.latest, Buffer.alloc(70_000)])
    assert.lengthOf((await first).value as Uint8Array, 70_000)
    void iterator.next()
    await settled()
    assert.deepEqual(thread.received('credit'), [['credit', thread.latest, 70_000]])
    assert.equal(pool.engine.threads.inFlight, 1)
    thread.sends(['end', thread.latest, 0])
    assert.equal(pool.engine.threads.inFlight, 0)
  })

  it('of a response that is not read to its end is cancelled', async () => {
    const { pool, run, thread } = await TestPool.withClaimed()
    thread.sends(['stream', thread.latest, 200, '', null])
    const { pieces } = ((await run.answer) as Response).content as StreamedContent
    await (pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().return?.()
    await settled()
    assert.lengthOf(thread.received('cancel'), 1)
    thread.sends(['cancelled', thread.latest, 0])
    assert.equal(pool.engine.threads.inFlight, 0)
  })

  it('with fields that no response may have rejects the answer', async () => {
    const pool = await TestPool.started()
    for (const kind of ['response', 'stream'] as const) {
      const { run, thread } = await pool.claimNext()
      if (kind === 'response') thread.sends([kind, thread.latest, 0, 200, 'Date: today\r\n', null])
      else thread.sends([kind, thread.latest, 200, 'Date: today\r\n', null])
      const error = await run.answer.catch((reason: unknown) => reason)
      assert.instanceOf(error, TypeError)
    }
  })
})
