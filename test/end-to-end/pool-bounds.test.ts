import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { setTimeout } from 'node:timers/promises'
import { NONE_LOST, PooledServer } from './support/pooled-server.js'
import { RawClient } from './support/raw-client.js'
import { get, request } from '../wire/requests.js'
import { valueOf, type RawResponse } from '../wire/response-parser.js'
import { eventually } from '../support/waiting.js'

/** The limit for a response without waiting, on a busy machine; less than the time for which other requests wait. */
const AT_ONCE_MS = 400

describe('the limits of the pool', () => {
  let pool: PooledServer

  afterEach(() => pool.remove())

  /** A pool that runs one request at a time. */
  async function startNarrow(settings: Readonly<Record<string, number>> = {}): Promise<void> {
    pool = await PooledServer.start({ 'threadpool.workers': 1, 'threadpool.concurrency': 1, ...settings })
  }

  function assertUnavailable(response: RawResponse): void {
    assert.equal(response.status, 503)
    assert.match(valueOf(response, 'retry-after') ?? '', /^\d+$/)
    assert.notEqual(valueOf(response, 'connection'), 'close')
  }

  async function gaugesAre(inFlight: number, waiting: number): Promise<void> {
    await eventually(`${inFlight} run and ${waiting} wait`, async () => {
      const { threads, queue } = await pool.metrics()
      return threads.inFlight === inFlight && queue.length === waiting
    })
  }

  it('a full queue: 503 at once, and the connection persists', async () => {
    await startNarrow({ 'threadpool.queueSize': 2 })
    const admitted = await Promise.all([1, 2, 3].map(() => pool.connect(get('/wait/700'))))
    await gaugesAre(1, 2)
    const beganMs = performance.now()
    const refused = await pool.connect(get('/light'))
    assertUnavailable(await refused.response())
    refused.send(get('/inline'))
    assert.equal((await refused.response()).content, 'inline\n')
    assert.isBelow(performance.now() - beganMs, AT_ONCE_MS)
    for (const client of admitted) assert.equal((await client.response()).content, 'waited\n')
    refused.send(get('/light'))
    assert.equal((await refused.response()).content, 'light\n')
    assert.include((await pool.metrics()).rejections, { 'queue-full': 1 })
    const id = (await pool.server.logLine(({ outcome }) => outcome === 'rejected'))['thread']
    assert.equal(id, 0, 'no thread ran it')
  })

  it('pipelined requests, some of which are refused: each is answered, in order', async () => {
    await startNarrow({ 'threadpool.queueSize': 0 })
    const busy = await pool.connect(get('/wait/600'))
    await gaugesAre(1, 0)
    const client = await pool.connect(['/inline', '/light', '/inline', '/light'].map((target) => get(target)).join(''))
    const responses = await client.responses('GET', 'GET', 'GET', 'GET')
    assert.deepEqual(
      responses.map(({ status }) => status),
      [200, 503, 200, 503],
    )
    assert.equal((await busy.response()).status, 200)
    client.send(get('/light'))
    assert.equal((await client.response()).content, 'light\n')
  })

  it('pipelined requests, one of which is slow: they are answered in order', async () => {
    pool = await PooledServer.start({ 'threadpool.workers': 2 })
    const client = await pool.connect(['/wait/200', '/light', '/inline', '/thread'].map((each) => get(each)).join(''))
    const responses = await client.responses('GET', 'GET', 'GET', 'GET')
    assert.deepEqual(
      responses.slice(0, 3).map(({ content }) => content),
      ['waited\n', 'light\n', 'inline\n'],
    )
    assert.match(responses[3]!.content, /^[12]$/)
  })

  it('a request that waits too long: 503 at the timeout, and the connection persists', async () => {
    await startNarrow({ 'threadpool.queueTimeoutMs': 300 })
    const busy = await pool.connect(get('/wait/1500'))
    await gaugesAre(1, 0)
    const beganMs = performance.now()
    const late = await pool.connect(get('/light') + get('/inline'))
    assertUnavailable(await late.response())
    assert.isAtLeast(performance.now() - beganMs, 290)
    assert.equal((await late.response()).content, 'inline\n')
    assert.isBelow(performance.now() - beganMs, 300 + AT_ONCE_MS)
    assert.include((await pool.metrics()).rejections, { 'queue-timeout': 1 })
    assert.equal((await busy.response()).status, 200)
  })

  it('a peer that disconnects while its request waits: the request never runs', async () => {
    await startNarrow()
    const busy = await pool.connect(get('/wait/400'))
    const gone = await pool.connect(get('/never'))
    await gaugesAre(1, 1)
    gone.reset()
    await gaugesAre(1, 0)
    assert.equal((await busy.response()).status, 200)
    assert.equal((await pool.ask('/light')).status, 200)
    assert.isEmpty(pool.events('handler began'))
  })

  it('peers that do not read, or do not send: their requests leave room for others', async () => {
    pool = await PooledServer.start({ 'threadpool.workers': 2, 'threadpool.concurrency': 4 })
    for (let round = 0; round < 15; round++) {
      const reader = await pool.connect(get('/endless'))
      reader.pause()
      await pool.connect(`${request('POST /trailers', 'Content-Length: 1000')}abc`)
    }
    await eventually('all requests have begun', async () => (await pool.metrics()).threads.inFlight === 30)
    assert.equal((await pool.ask('/light')).status, 200)
  })

  describe('of a handler', () => {
    it('that never settles: 504, the signal aborts, its slot becomes free, and the thread stays', async () => {
      await startNarrow({ handlerTimeoutMs: 300 })
      const client = await pool.connect(get('/never') + get('/thread'))
      assert.equal((await client.response()).status, 504)
      assert.equal((await client.response()).content, '1')
      await pool.event('signal aborted')
      await gaugesAre(0, 0)
      // Longer than it would take to end the thread if it were stuck.
      await setTimeout(1300)
      const { threads, requests } = await pool.metrics()
      assert.deepEqual([threads.lost, threads.ready, requests.inFlight], [NONE_LOST, 1, 1])
    })

    it('that settles too late: its response is dropped, which is logged', async () => {
      await startNarrow({ handlerTimeoutMs: 200 })
      const response = await (await pool.connect(get('/wait/600'))).response()
      assert.equal(response.status, 504)
      const line = await pool.event('late response dropped')
      assert.include(line, { route: 'GET /wait/:ms', request: valueOf(response, 'x-request-id'), thread: 1 })
      await gaugesAre(0, 0)
    })
  })

  describe('a peer that disconnects', () => {
    const leaving: [when: string, target: string, event: string][] = [
      ['while its handler runs: the signal aborts', '/never', 'signal aborted'],
      ['while a stream is sent: the stream ends in its thread', '/ticks', 'stream ended'],
    ]
    for (const [when, target, event] of leaving) {
      it(`${when} within a second, and its slot becomes free`, async () => {
        await startNarrow()
        const client = await pool.connect(get(target))
        await pool.event('handler began')
        client.reset()
        const beganMs = performance.now()
        assert.equal((await pool.event(event))['thread'], 1)
        assert.isBelow(performance.now() - beganMs, 1000)
        await gaugesAre(0, 0)
        assert.equal((await pool.ask('/light')).status, 200)
      })
    }
  })

  it('three times as many requests as there is room for: each is answered, and refusals are immediate', async () => {
    pool = await PooledServer.start({ 'threadpool.workers': 2, 'threadpool.queueSize': 8 })
    const untilMs = performance.now() + 1500
    const rounds = await Promise.all(Array.from({ length: 30 }, () => askUntil(untilMs)))
    const answers = rounds.flat()
    const took = (status: number): number[] =>
      answers.filter((each) => each.status === status).map(({ tookMs }) => tookMs)
    assert.isTrue(answers.every(({ status }) => status === 200 || status === 503))
    assert.isAbove(took(200).length, 50)
    assert.isAbove(took(503).length, 50)
    assert.isBelow(median(took(503)), median(took(200)))
    assert.isBelow(Math.max(...took(503)), AT_ONCE_MS)
    assert.include((await pool.metrics()).queue, { length: 0, capacity: 8 })
  })

  async function askUntil(untilMs: number): Promise<{ status: number; tookMs: number }[]> {
    const answers: { status: number; tookMs: number }[] = []
    const client = await RawClient.connect(pool.server.port)
    while (performance.now() < untilMs) {
      const beganMs = performance.now()
      client.send(get('/work/5'))
      const { status } = await client.response()
      answers.push({ status, tookMs: performance.now() - beganMs })
      if (status === 503) await setTimeout(20)
    }
    client.close()
    return answers
  }
})

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!
