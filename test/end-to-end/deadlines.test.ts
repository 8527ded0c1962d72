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
const LINGER_TIMEOUT_MS = 600

const posting = (target: string, length: number): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

/** Sends octets repeatedly until something arrives. Returns how long that took, in milliseconds. */
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
    usual = await start({ lingerTimeoutMs: LINGER_TIMEOUT_MS })
  })
  after(async () => {
    await Promise.all([forStalls, forRates, usual].map((each) => each.stop('SIGKILL')))
    site.remove()
  })

  begunTogether((test) => {
    describe('for stalls', () => {
      test('a head that arrives octet by octet gets 408 at its timeout', async () => {
        const client = await forStalls.connect()
        client.send('GET / HTTP/1.1\r\nX: ')
        const tookMs = await trickle(client, 'y', 20)
        const response = await client.lastResponse()
        assert.deepEqual([response.status, valueOf(response, 'connection')], [408, 'close'])
        assert.isAbove(tookMs, 250)
        assert.isBelow(tookMs, 2000)
      })

      test('a body that stalls gets 408', async () => {
        const client = await forStalls.connect()
        client.send(posting('/length', 10) + 'x')
        const response = await client.lastResponse()
        assert.deepEqual([response.status, valueOf(response, 'connection')], [408, 'close'])
      })

      test('a body whose pieces arrive in time is accepted, however long it takes', async () => {
        const client = await forStalls.connect()
        client.send(posting('/echo', 24))
        for (let piece = 0; piece < 24; piece++) {
          client.send('x')
          await setTimeout(50)
        }
        assert.equal((await client.response()).content, 'x'.repeat(24))
        client.close()
      })

      test('an idle connection is closed without a response, before and after a request', async () => {
        const [fresh, used] = [await forStalls.connect(), await forStalls.connect()]
        used.send(get('/hello'))
        await used.response()
        for (const client of [fresh, used]) {
          assert.equal(await client.rest(), '')
          assert.equal(client.ending, 'ended')
          client.close()
        }
      })

      test('a handler that does not settle gets 504, and its connection persists', async () => {
        const client = await forStalls.connect()
        client.send(get('/never') + get('/hello'))
        assert.deepEqual(
          (await client.responses('GET', 'GET')).map(({ status }) => status),
          [504, 200],
        )
        client.close()
      })

      test('a handler that neither settles nor reads gets 504, whether its content arrives or not', async () => {
        for (const sent of ['', 'x'.repeat(10)]) {
          const client = await forStalls.connect()
          client.send(posting('/never', 100_000) + sent)
          const trickling = sent === '' ? Promise.resolve(0) : trickle(client, 'x', 20)
          assert.equal((await client.response()).status, 504)
          client.reset()
          await trickling
        }
      })

      test('a stream is not cut off, however long it lasts and however its head arrived', async () => {
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
        test(`a reader of ${target} that stalls is cut off`, async () => {
          const reader = new PacedReader(forStalls, get(target))
          await reader.take(1)
          await forStalls.logLine((line) => line['target'] === target && line['outcome'] === 'timed-out')
          await reader.takeAll()
          assert.isBelow(reader.received, BIG_OCTETS)
        })
      }

      test('a slow but steady reader is not cut off', async () => {
        const reader = new PacedReader(forStalls, get('/static/big.bin'))
        const begunMs = performance.now()
        while (performance.now() - begunMs < 3 * WRITE_TIMEOUT_MS && !reader.isOver) {
          await reader.take(256 * 1024)
          await setTimeout(50)
        }
        assert.isFalse(reader.isOver)
        void reader.takeAll()
        await eventually('the whole response has arrived', () => reader.received > BIG_OCTETS)
        reader.close()
      })
    })

    describe('for rates', () => {
      test('a body that trickles gets 408 after the grace', async () => {
        const client = await forRates.connect()
        client.send(posting('/length', 100_000))
        const tookMs = await trickle(client, 'x', 50)
        assert.equal((await client.lastResponse()).status, 408)
        assert.isAbove(tookMs, RATE_GRACE_MS - 100)
        assert.isBelow(tookMs, RATE_GRACE_MS + 3000)
      })

      test('a body that arrives fast enough is accepted', async () => {
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

    test('the last response for a slow reader is still whole when the server has closed the connection', async () => {
      const readers = ['/static/small.bin', '/hello'].map(
        (target) => new PacedReader(usual, get(target, 'Connection: close')),
      )
      await usual.logLine((line) => line['target'] === '/static/small.bin')
      // Longer than the server waits for the client to close its side.
      await setTimeout(2 * LINGER_TIMEOUT_MS)
      await Promise.all(readers.map((reader) => reader.takeAll()))
      assert.isAbove(readers[1]!.received, 0)
      assert.isAbove(readers[0]!.received, 400_000)
    })
  })
})
