import { randomBytes } from 'node:crypto'
import { renameSync, truncateSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { eventually } from '../support/waiting.js'
import { get } from '../wire/requests.js'
import { onEachEngine } from './support/engines.js'
import { metricsAt } from './support/metrics.js'
import { PacedReader } from './support/paced-reader.js'
import { HAS_PROC, openDescriptors, processorMs } from './support/process-facts.js'
import type { RunningServer } from './support/server.js'
import { TryingSite } from './support/trying-site.js'

const BIG_OCTETS = 20 * 1024 * 1024

const describeOnLinux = onEachEngine(HAS_PROC ? describe : describe.skip)

describeOnLinux('faults of clients and files', () => {
  const site = new TryingSite({
    'site/big.bin': randomBytes(BIG_OCTETS),
  })
  let server: RunningServer

  before(async () => {
    server = await site.start()
  })
  after(async () => {
    await server.stop('SIGKILL')
    site.remove()
  })

  const leaving: [rule: string, request: string][] = [
    ['while its handler runs', get('/never')],
    ['while a stream is sent', get('/ticks')],
    [
      'while its handler runs and has not read its content',
      `POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nsome`,
    ],
    [
      'while its handler runs and has not read its large content',
      `POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(900_000)}`,
    ],
    ['while its handler runs and another request waits', get('/never') + get('/hello')],
  ]
  for (const [rule, request] of leaving) {
    it(`a client that disconnects ${rule}: the signal aborts within a second`, async () => {
      const earlier = server.logLines().length
      const later = (event: string): Promise<unknown> =>
        server.program.printed('stdout', () =>
          server
            .logLines()
            .slice(earlier)
            .find((line) => line['event'] === event),
        )
      const client = await server.connect()
      client.send(request)
      await later('handler began')
      client.reset()
      const begunMs = performance.now()
      await later('signal aborted')
      assert.isBelow(performance.now() - begunMs, 1000)
    })
  }

  it('a file that is truncated while it is sent: the response is cut off', async () => {
    const path = site.write('site/shrinking.bin', Buffer.alloc(BIG_OCTETS, 's'))
    const reader = new PacedReader(server, get('/static/shrinking.bin'))
    await reader.take(100_000)
    truncateSync(path, 1_000_000)
    await reader.takeAll()
    assert.isBelow(reader.received, BIG_OCTETS)
    await server.logLine((line) => line['target'] === '/static/shrinking.bin' && line['outcome'] === 'failed')
  })

  it('a file that is replaced while it is sent: the response is the old file', async () => {
    const path = site.write('site/replaced.bin', Buffer.alloc(BIG_OCTETS, 'o'))
    const reader = new PacedReader(server, get('/static/replaced.bin'))
    await reader.take(100_000)
    renameSync(site.write('site/new.bin', Buffer.alloc(BIG_OCTETS, 'n')), path)
    void reader.takeAll()
    await eventually('the old file has arrived', () => reader.received > BIG_OCTETS)
    const whole = new PacedReader(server, get('/static/replaced.bin'))
    void whole.takeAll()
    await eventually('the new file has arrived', () => whole.received > BIG_OCTETS)
    assert.notEqual(reader.digest, whole.digest)
    for (const each of [reader, whole]) each.close()
  })
})

describeOnLinux('thousands of resets', () => {
  const site = new TryingSite({
    'site/big.bin': Buffer.alloc(BIG_OCTETS, 'b'),
  })
  let server: RunningServer

  before(async () => {
    server = await site.start()
  })
  after(async () => {
    await server.stop('SIGKILL')
    site.remove()
  })

  it('2000 resets at different points: no request, connection or descriptor is left, and there is no busy loop', async () => {
    const { pid } = server.program
    await metricsAt(server.port)
    const before = openDescriptors(pid)
    const requests = [
      get('/hello').slice(0, 9),
      'POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx',
      get('/static/big.bin'),
      get('/never'),
      get('/flood'),
      '',
    ]
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => server.connect()))
      for (const [at, client] of clients.entries()) {
        client.pause()
        client.send(requests[at % requests.length]!)
      }
      if (round % 2 === 0) await setTimeout(5)
      for (const client of clients) client.reset()
    }
    await eventually('no other connection is left', async () => {
      const { connections, requests } = await metricsAt(server.port)
      return connections.active === 1 && requests.inFlight === 1
    })
    await eventually('all descriptors are closed', () => openDescriptors(pid) <= before)
    const spentMs = processorMs(pid)
    await setTimeout(300)
    assert.isBelow(processorMs(pid) - spentMs, 100)
  })
})
