import { assert } from 'chai'
import { after, afterEach, it } from 'mocha'
import { describeInEachWay } from './support/engines.js'
import { createHash, randomBytes } from 'node:crypto'
import { TemporaryFolder } from './support/folder.js'
import type { Exit } from './support/program.js'
import type { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { valueOf, type RawResponse } from '../wire/response-parser.js'
import { startServer, type RunningServer } from './support/server.js'
import { RELEASE, TRYING_PLUGIN } from './support/trying-plugin.js'
import { eventually } from '../support/waiting.js'

const BIG = randomBytes(12 * 1024 * 1024)

const digest = (octets: Buffer | string): string =>
  createHash('sha256')
    .update(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
    .digest('hex')

describeInEachWay('drain, over real sockets', () => {
  const folder = new TemporaryFolder({ 'plugins/trying.mjs': TRYING_PLUGIN, 'site/big.bin': BIG })
  let server: RunningServer
  const clients: RawClient[] = []

  async function start(...settings: string[]): Promise<void> {
    const flags = ['--plugins', `${folder.path}/plugins`, '--static', `${folder.path}/site`]
    server = await startServer({ flags: [...flags, ...settings.flatMap((setting) => ['--set', setting])] })
  }

  async function connect(): Promise<RawClient> {
    const client = await server.connect()
    clients.push(client)
    return client
  }

  /** A connection whose octets the server has read: it has answered a request that came later. */
  async function connectAndSend(octets: string): Promise<RawClient> {
    const client = await connect()
    client.send(octets)
    const probe = await connect()
    probe.send(get('/hello'))
    await probe.response()
    probe.close()
    return client
  }

  /** Stops the server, and waits until it reports its drain. */
  async function drain(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    server.program.kill(signal)
    await server.program.printed('stderr', (text) => (text.includes('portico draining') ? true : null))
  }

  /** The exit code, and the report on standard error. */
  async function outcome(): Promise<[Exit['code'], string]> {
    const { code } = await server.program.ending()
    return [code, /^portico stopped: (.*)$/m.exec(server.program.stderr)?.[1] ?? 'no report']
  }

  function assertLast(response: RawResponse): void {
    assert.equal(valueOf(response, 'connection'), 'close')
  }

  /** The server ends its side in order without another octet; then the client closes its side. */
  async function assertEnded(client: RawClient): Promise<void> {
    assert.equal(await client.rest(), '')
    assert.equal(client.ending, 'ended')
    client.close()
  }

  afterEach(async () => {
    folder.delete(RELEASE)
    for (const client of clients.splice(0)) client.close()
    if (server.program.isRunning) {
      server.program.kill('SIGKILL')
      await server.program.exited
    }
  })

  after(() => folder.remove())

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} while idle: connections end in order, without a response`, async () => {
      await start()
      const [fresh, used] = [await connect(), await connect()]
      used.send(get('/hello'))
      await used.response()
      await drain(signal)
      await assertEnded(fresh)
      await assertEnded(used)
      assert.deepEqual(await outcome(), [0, '0 requests finished, 0 rejected, none cut off'])
    })
  }

  it('without a connection: it ends at once', async () => {
    await start()
    await drain()
    assert.deepEqual(await outcome(), [0, '0 requests finished, 0 rejected, none cut off'])
  })

  it('inside a head: the server waits for the rest and answers', async () => {
    await start()
    const client = await connectAndSend('GET /hello HT')
    await drain()
    client.send('TP/1.1\r\nHost: a\r\n\r\n')
    const response = await client.lastResponse()
    assert.deepEqual([response.status, response.content], [200, 'Hello\n'])
    assertLast(response)
    assert.deepEqual(await outcome(), [0, '1 request finished, 0 rejected, none cut off'])
  })

  it('inside a body: the server waits for the rest and answers', async () => {
    await start()
    const content = 'x'.repeat(500_000)
    const client = await connectAndSend(
      `POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n${content.slice(0, 250_000)}`,
    )
    await drain()
    client.send(content.slice(250_000))
    const response = await client.lastResponse()
    assert.deepEqual([response.status, response.content], [200, '500000'])
    assertLast(response)
    assert.deepEqual(await outcome(), [0, '1 request finished, 0 rejected, none cut off'])
  })

  it('inside a body that is echoed: request and response are completed with every octet', async () => {
    await start()
    const [first, second] = [BIG.toString('latin1', 0, 300_000), BIG.toString('latin1', 300_000, 900_000)]
    const client = await connect()
    client.send(`POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n${first}`)
    await eventually('the first part has been echoed', () => client.unreadOctets > first.length)
    await drain()
    client.send(second)
    const { status, framing, content } = await client.response('POST')
    assert.deepEqual([status, framing, digest(content)], [200, 'chunked', digest(first + second)])
    await assertEnded(client)
    assert.deepEqual(await outcome(), [0, '1 request finished, 0 rejected, none cut off'])
  })

  it('inside a response to a slow reader: it arrives whole', async () => {
    await start()
    const client = await connect()
    const begun = client.pauseAtFirst()
    client.send(get('/static/big.bin'))
    await begun
    await drain()
    client.resume()
    const { status, framing, content } = await client.response()
    assert.deepEqual([status, framing, digest(content)], [200, 'length', digest(BIG)])
    await assertEnded(client)
    assert.deepEqual(await outcome(), [0, '1 request finished, 0 rejected, none cut off'])
  })

  it('while a handler runs: its answer arrives', async () => {
    await start()
    const client = await connectAndSend(get('/held'))
    await drain()
    folder.write(RELEASE, '')
    const response = await client.lastResponse()
    assert.deepEqual([response.status, response.content], [200, 'released\n'])
    assertLast(response)
    assert.deepEqual(await outcome(), [0, '1 request finished, 0 rejected, none cut off'])
  })

  it('with pipelined requests that had arrived: all are answered, in order', async () => {
    await start()
    const client = await connectAndSend(get('/held') + get('/hello') + get('/nowhere') + get('/hello'))
    await drain()
    folder.write(RELEASE, '')
    const responses = await client.responses('GET', 'GET', 'GET', 'GET')
    assert.deepEqual(
      responses.map(({ status }) => status),
      [200, 200, 404, 200],
    )
    assertLast(responses[3]!)
    await assertEnded(client)
    assert.deepEqual(await outcome(), [0, '4 requests finished, 0 rejected, none cut off'])
  })

  it('a new request gets 503 with Retry-After', async () => {
    await start('drain.pollIntervalMs=600')
    const used = await connectAndSend(get('/hello'))
    await used.response()
    await drain()
    used.send(get('/hello') + get('/hello'))
    const response = await used.response()
    assert.equal(response.status, 503)
    assert.match(valueOf(response, 'retry-after') ?? '', /^\d+$/)
    // The request after it may be answered in the same way; no connection stays open or is reset.
    const next = valueOf(response, 'connection') === 'close' ? response : await used.response()
    assert.equal(next.status, 503)
    assertLast(next)
    await assertEnded(used)
    const [code, report] = await outcome()
    assert.equal(code, 0)
    assert.match(report, /^0 requests finished, [12] rejected, none cut off$/)
  })

  it('a hundred requests that arrive with the signal: each is answered whole', async () => {
    await start()
    const many = await Promise.all(Array.from({ length: 100 }, () => connectAndSend(get('/hello'))))
    await Promise.all(many.map((client) => client.response()))
    for (const client of many.slice(0, 50)) client.send(get('/hello'))
    server.program.kill('SIGTERM')
    for (const client of many.slice(50)) client.send(get('/hello'))
    const responses = await Promise.all(many.map((client) => client.lastResponse()))
    const rejected = responses.filter(({ status }) => status === 503).length
    assert.isTrue(responses.every(({ status }) => status === 200 || status === 503))
    const [code, report] = await outcome()
    assert.equal(code, 0)
    assert.include(report, `, ${rejected} rejected, none cut off`)
  })

  it('with a notice: readiness fails, requests are still served, and each response is the last of its connection', async () => {
    await start('drain.noticeMs=1500')
    const old = await connectAndSend(get('/hello'))
    await old.response()
    await drain()
    for (const client of [old, await connect()]) {
      client.send(get('/hello'))
      const response = await client.lastResponse()
      assert.equal(response.status, 200)
      assertLast(response)
    }
    const asked = await connect()
    asked.send(get('/readyz'))
    const readiness = await asked.lastResponse()
    assert.equal(readiness.status, 503)
    assertLast(readiness)
    assert.deepEqual(await outcome(), [0, '3 requests finished, 0 rejected, none cut off'])
    assert.instanceOf(await server.connect().catch((error: unknown) => error), Error)
  })

  it('at its timeout: the requests that are left are reset, counted and named', async () => {
    await start('drain.timeoutMs=500')
    const running = await connectAndSend(get('/held'))
    const midHead = await connectAndSend('GET /hello HT')
    const midBody = await connectAndSend('POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx')
    const endless = await connectAndSend(get('/ticks'))
    await endless.until('tick')
    const idle = await connect()
    const finished = await connectAndSend('GET /hello HT')
    await drain()
    finished.send('TP/1.1\r\nHost: a\r\n\r\n')
    assert.equal((await finished.lastResponse()).status, 200)
    assert.deepEqual(await outcome(), [
      1,
      '1 request finished, 0 rejected, 4 cut off (3 still running, 1 head incomplete)',
    ])
    for (const client of [running, midHead, midBody]) {
      assert.equal(await client.rest(), '')
      assert.equal(client.ending, 'reset')
    }
    assert.notInclude(await endless.rest(), '\r\n0\r\n\r\n')
    assert.equal(endless.ending, 'reset')
    assert.equal(await idle.rest(), '')
    assert.equal(idle.ending, 'ended')
  })
})
