import { assert } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { currentEngine, onEachEngine } from './support/engines.js'
import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, constants, openSync, renameSync, truncateSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { TemporaryFolder } from './support/folder.js'
import { PacedReader } from './support/paced-reader.js'
import { openDescriptors, processorMs, HAS_PROC } from './support/process-facts.js'
import { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import type { RunningServer } from './support/server.js'
import { TRYING_PLUGIN } from './support/trying-plugin.js'
import { TryingSite } from './support/trying-site.js'
import { eventually, within } from '../support/waiting.js'

const MAIN = fileURLToPath(new URL('../../src/app/main.js', import.meta.url))
const BIG_OCTETS = 20 * 1024 * 1024

const describeOnLinux = onEachEngine(HAS_PROC ? describe : describe.skip)

interface Metrics {
  readonly connections: { readonly active: number }
  readonly requests: { readonly inFlight: number }
  readonly accessLogDropped: number
}

async function metricsAt(port: number): Promise<Metrics> {
  const client = await RawClient.connect(port)
  client.send(get('/_metrics'))
  const { content } = await client.response()
  client.close()
  return JSON.parse(content) as Metrics
}

/** The latencies of sequential requests, in milliseconds and ascending. */
async function latenciesMs(port: number, count: number): Promise<number[]> {
  const client = await RawClient.connect(port)
  const latencies: number[] = []
  for (let request = 0; request < count; request++) {
    const begunMs = performance.now()
    client.send(get('/hello'))
    await client.response()
    latencies.push(performance.now() - begunMs)
  }
  client.close()
  return latencies.sort((a, b) => a - b)
}

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

describeOnLinux('faults of the system', () => {
  const folder = new TemporaryFolder({ 'plugins/trying.mjs': TRYING_PLUGIN })
  let child: ChildProcess
  let printed = ''

  /** Starts a server with a descriptor as its standard output. Returns its port. */
  async function start(output: number | 'ignore', flags: readonly string[] = []): Promise<number> {
    printed = ''
    const settings = ['--port', '0', '--engine', currentEngine(), '--plugins', `${folder.path}/plugins`]
    child = spawn(process.execPath, [MAIN, ...settings, '--log-format', 'json', ...flags], {
      stdio: ['ignore', output, 'pipe'],
      env: { PATH: process.env['PATH'] },
    })
    const listening = new Promise<number>((resolve) =>
      child.stderr!.on('data', (text: Buffer) => {
        printed += text.toString()
        const port = /listening on http:\/\/\S+:(\d+)\n/.exec(printed)?.[1]
        if (port !== undefined) resolve(Number(port))
      }),
    )
    return within(listening, () => `the banner: found ${printed}`)
  }

  async function stop(): Promise<number | null> {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await within(exited, () => `the end of the server: it printed ${printed}`)) as [number | null]
    return code
  }

  afterEach(() => {
    if (child.exitCode === null) child.kill('SIGKILL')
  })
  after(() => folder.remove())

  it('a log that is not read: latency stays the same, lines are dropped and counted, and SIGTERM ends the server', async () => {
    const fifo = `${folder.path}/log`
    execFileSync('mkfifo', [fifo])
    const held = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    try {
      const port = await start(held, ['--set', 'maxKeepAliveRequests=0'])
      await latenciesMs(port, 200)
      const before = await latenciesMs(port, 300)
      const flood = await RawClient.connect(port)
      for (let round = 0; round < 60; round++) {
        flood.send(get('/hello').repeat(100))
        for (let request = 0; request < 100; request++) await flood.response()
      }
      flood.close()
      assert.isAbove((await metricsAt(port)).accessLogDropped, 0)
      const blocked = await latenciesMs(port, 300)
      assert.isBelow(blocked[150]!, 3 * before[150]! + 1, 'the median')
      assert.isBelow(blocked[299]!, 500)
      const begunMs = performance.now()
      assert.equal(await stop(), 0)
      assert.isBelow(performance.now() - begunMs, 4000)
    } finally {
      closeSync(held)
    }
  })

  it('a log on a full disk: all requests are served, and SIGTERM ends the server', async () => {
    const full = openSync('/dev/full', 'w')
    try {
      const port = await start(full)
      const client = await RawClient.connect(port)
      for (let request = 0; request < 500; request++) {
        client.send(get('/hello'))
        assert.equal((await client.response()).status, 200)
      }
      client.close()
      assert.equal(await stop(), 0)
    } finally {
      closeSync(full)
    }
  })

  it('no descriptors left: no busy loop, open connections are served, and the server recovers', async () => {
    const port = await start('ignore')
    execFileSync('prlimit', ['--pid', String(child.pid), '--nofile=64'])
    const inside = await RawClient.connect(port)
    inside.send(get('/hello'))
    assert.equal((await inside.response()).status, 200)
    const crowd = await Promise.all(Array.from({ length: 150 }, () => RawClient.connect(port)))
    await eventually('no descriptor is left', () => openDescriptors(child.pid!) >= 60)
    const spentMs = processorMs(child.pid!)
    await setTimeout(400)
    // A busy loop would use all of this time.
    assert.isBelow(processorMs(child.pid!) - spentMs, 200, 'half of the time')
    for (const target of ['/hello', '/_metrics']) {
      inside.send(get(target))
      assert.equal((await inside.response()).status, 200, target)
    }
    for (const client of crowd) client.reset()
    inside.close()
    await eventually('the server accepts connections again', async () => {
      const client = await RawClient.connect(port)
      client.send(get('/hello'))
      const isServed = await client.response().then(
        ({ status }) => status === 200,
        () => false,
      )
      client.close()
      return isServed
    })
    assert.equal(await stop(), 0)
  })
})
