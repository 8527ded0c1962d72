import { assert } from 'chai'
import { after, before, describe } from 'mocha'
import { begunTogether } from '../support/begun-together.js'
import { describeInEachWay } from './support/engines.js'
import { setTimeout } from 'node:timers/promises'
import { PacedReader } from './support/paced-reader.js'
import type { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { valueOf } from '../wire/response-parser.js'
import type { RunningServer } from './support/server.js'
import { TryingSite } from './support/trying-site.js'
import { eventually } from '../support/waiting.js'

const BIG_OCTETS = 24 * 1024 * 1024
const RATE_GRACE_MS = 500
const WRITE_TIMEOUT_MS = 800

const posting = (target: string, length: number): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

/** Sends again and again until something comes back; tells how long that took. */
async function trickle(client: RawClient, octets: string, everyMs: number): Promise<number> {
  const begunMs = performance.now()
  while (client.unreadOctets === 0 && client.ending === null) {
    client.send(octets)
    await setTimeout(everyMs)
  }
  return performance.now() - begunMs
}

describeInEachWay('deadlines, over real sockets', () => {
  const site = new TryingSite({
    'site/big.bin': Buffer.alloc(BIG_OCTETS, 'b'),
    'site/small.bin': Buffer.alloc(400_000, 's'),
  })

  function start(settings: Readonly<Record<string, number>>): Promise<RunningServer> {
    const set = Object.entries({ idleSweepIntervalMs: 50, ...settings }).flatMap(([key, value]) => [
      '--set',
      `${key}=${value}`,
    ])
    return site.start(set)
  }

  /** Servers with short deadlines for stalls, with short ones for rates, and with the usual ones. */
  let forStalls: RunningServer
  let forRates: RunningServer
  let usual: RunningServer

  before(async () => {
    forStalls = await start({
      headTimeoutMs: 300,
      bodyTimeoutMs: 400,
      keepAliveTimeoutMs: 600,
      handlerTimeoutMs: 700,
      writeTimeoutMs: WRITE_TIMEOUT_MS,
      minRate: 0,
    })
    forRates = await start({ minRate: 2000, minRateGraceMs: RATE_GRACE_MS })
    usual = await start({})
  })
  after(async () => {
    await Promise.all([forStalls, forRates, usual].map((each) => each.stop('SIGKILL')))
    site.remove()
  })

  begunTogether((test) => {
    describe('for stalls', () => {
      test('a head that comes octet by octet is 408 when its time is over', async () => {
        const client = await forStalls.connect()
        client.send('GET / HTTP/1.1\r\nX: ')
        const tookMs = await trickle(client, 'y', 20)
        const response = await client.lastResponse()
        assert.deepEqual([response.status, valueOf(response, 'connection')], [408, 'close'])
        assert.isAbove(tookMs, 250)
        assert.isBelow(tookMs, 2000)
      })

      test('a body that stalls is 408', async () => {
        const client = await forStalls.connect()
        client.send(posting('/length', 10) + 'x')
        const response = await client.lastResponse()
        assert.deepEqual([response.status, valueOf(response, 'connection')], [408, 'close'])
      })

      test('a body whose pieces come in time is taken, however long it takes', async () => {
        const client = await forStalls.connect()
        client.send(posting('/echo', 12))
        for (let piece = 0; piece < 12; piece++) {
          client.send('x')
          await setTimeout(100)
        }
        assert.equal((await client.response()).content, 'x'.repeat(12))
        client.close()
      })

      test('a connection that is idle is closed in silence, before and after a request', async () => {
        const [fresh, used] = [await forStalls.connect(), await forStalls.connect()]
        used.send(get('/hello'))
        await used.response()
        for (const client of [fresh, used]) {
          assert.equal(await client.rest(), '')
          assert.equal(client.ending, 'ended')
          client.close()
        }
      })

      test('a handler that does not settle is 504, and its connection goes on', async () => {
        const client = await forStalls.connect()
        client.send(get('/never') + get('/hello'))
        assert.deepEqual(
          (await client.responses('GET', 'GET')).map(({ status }) => status),
          [504, 200],
        )
        client.close()
      })

      test('a handler that does not settle is 504 although its content still comes, or does not come, and it does not read', async () => {
        for (const sent of ['', 'x'.repeat(10)]) {
          const client = await forStalls.connect()
          client.send(posting('/never', 100_000) + sent)
          const trickling = sent === '' ? Promise.resolve(0) : trickle(client, 'x', 20)
          assert.equal((await client.response()).status, 504)
          client.reset()
          await trickling
        }
      })

      test('a stream is left alone however long it goes on, and however its head came', async () => {
        const clients = [await forStalls.connect(), await forStalls.connect()]
        clients[0]!.send(get('/ticks'))
        clients[1]!.send(get('/ticks').slice(0, 9))
        await setTimeout(50)
        clients[1]!.send(get('/ticks').slice(9))
        await setTimeout(1500)
        for (const client of clients) {
          assert.isNull(client.ending)
          client.reset()
        }
      })

      for (const target of ['/static/big.bin', '/flood']) {
        test(`a reader of ${target} that stalls is cut`, async () => {
          const reader = new PacedReader(forStalls, get(target))
          await reader.take(1)
          await forStalls.logLine((line) => line['target'] === target && line['outcome'] === 'timed-out')
          await reader.takeAll()
          assert.isBelow(reader.received, BIG_OCTETS)
        })
      }

      test('a reader that is slow and steady is not cut', async () => {
        const reader = new PacedReader(forStalls, get('/static/big.bin'))
        const begunMs = performance.now()
        while (performance.now() - begunMs < 3 * WRITE_TIMEOUT_MS && !reader.isOver) {
          await reader.take(256 * 1024)
          await setTimeout(50)
        }
        assert.isFalse(reader.isOver)
        void reader.takeAll()
        await eventually('all of it has arrived', () => reader.received > BIG_OCTETS)
        reader.close()
      })
    })

    describe('for rates', () => {
      test('a body that trickles is 408 after the grace', async () => {
        const client = await forRates.connect()
        client.send(posting('/length', 100_000))
        const tookMs = await trickle(client, 'x', 50)
        assert.equal((await client.lastResponse()).status, 408)
        assert.isAbove(tookMs, RATE_GRACE_MS - 100)
        assert.isBelow(tookMs, RATE_GRACE_MS + 3000)
      })

      test('a body that comes fast enough is taken', async () => {
        const client = await forRates.connect()
        client.send(posting('/length', 30_000))
        for (let piece = 0; piece < 30; piece++) {
          client.send('x'.repeat(1000))
          await setTimeout(50)
        }
        assert.equal((await client.response()).content, '30000')
        client.close()
      })
    })

    test('a last response that waits in the kernel for a slow reader is not destroyed by our own closing', async () => {
      const readers = ['/static/small.bin', '/hello'].map(
        (target) => new PacedReader(usual, get(target, 'Connection: close')),
      )
      await usual.logLine((line) => line['target'] === '/static/small.bin')
      // Longer than the server waits for our side to close.
      await setTimeout(6500)
      await Promise.all(readers.map((reader) => reader.takeAll()))
      assert.isAbove(readers[1]!.received, 0)
      assert.isAbove(readers[0]!.received, 400_000)
    })
  })
})
