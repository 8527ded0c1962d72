import { assert } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { createHash, randomBytes } from 'node:crypto'
import { TemporaryFolder } from './support/folder.js'
import { PooledServer } from './support/pooled-server.js'
import { Program } from './support/program.js'
import { get } from '../wire/requests.js'
import { parseResponses, valueOf } from '../wire/response-parser.js'
import { eventually } from '../support/waiting.js'

const MIB = 1024 * 1024

describe('the pool of handler threads', () => {
  let pool: PooledServer

  describe('in operation', () => {
    afterEach(() => pool.remove())

    it('starts and stops each plugin once in each thread, and drains while requests run and wait', async () => {
      pool = await PooledServer.start({ 'threadpool.workers': 2, 'threadpool.concurrency': 1 })
      const clients = await Promise.all(Array.from({ length: 6 }, () => pool.connect(get('/wait/300'))))
      await eventually('some run and some wait', async () => {
        const { threads, queue } = await pool.metrics()
        return threads.inFlight === 2 && queue.length === 4
      })
      pool.server.program.kill('SIGTERM')
      for (const client of clients) assert.equal((await client.lastResponse()).content, 'waited\n')
      assert.equal((await pool.server.program.ending()).code, 0)
      assert.include(pool.server.program.stderr, 'portico stopped: 6 requests finished, 0 rejected, none cut off')
      for (const event of ['plugin started', 'plugin stopped'])
        assert.sameMembers(
          pool.events(event).map(({ number }) => number),
          [0, 1, 2],
        )
    })

    it('prints the console output of handlers', async () => {
      pool = await PooledServer.start()
      assert.equal((await pool.ask('/says')).content, 'said\n')
      await pool.server.program.printed('stdout', (text) => (/^said by a handler$/m.test(text) ? true : null))
    })
  })

  describe('with two threads', () => {
    before(async () => (pool = await PooledServer.start({ 'threadpool.workers': 2 })))
    after(() => pool.remove())

    it('shows the engine and the thread of each request in logs and metrics', async () => {
      const response = await pool.ask('/thread')
      const line = await pool.server.accessLine(valueOf(response, 'x-request-id')!)
      assert.include(line, { engine: 'threadpool', thread: Number(response.content) })
      const inline = await pool.ask('/inline')
      assert.include(await pool.server.accessLine(valueOf(inline, 'x-request-id')!), { thread: 0 })
      const { engine, threads } = await pool.metrics()
      assert.deepInclude({ engine, ...threads }, { engine: 'threadpool', configured: 2, ready: 2, inFlight: 0 })
      const prometheus = (await pool.ask('/_metrics?format=prometheus')).content
      assert.match(prometheus, /^portico_threads_lost_total\{cause="stuck"\} 0$/m)
    })

    it('a handler that throws: the response is 500 without the error, which is in the log', async () => {
      const response = await pool.ask('/throws')
      assert.equal(response.status, 500)
      assert.notInclude(JSON.stringify(response), 'secret')
      const line = await pool.event('handler failed')
      assert.include(line, { route: 'GET /throws', request: valueOf(response, 'x-request-id') })
      assert.match((line['error'] as { stack: string }).stack, /the secret of the house\n +at .*pool\.mjs:\d+/)
      const access = await pool.server.accessLine(valueOf(response, 'x-request-id')!)
      assert.isAtLeast(access['thread'] as number, 1)
    })

    it('a stream that throws: the response is cut off', async () => {
      const client = await pool.connect(get('/breaks'))
      assert.notInclude(await client.rest(), '\r\n0\r\n')
      assert.equal(client.ending, 'reset')
      const line = await pool.event('content failed')
      assert.include((line['error'] as { stack: string }).stack, 'the secret of the stream')
    })

    it('passes content with its trailers', async () => {
      const client = await pool.connect('POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
      client.send('3\r\nabc\r\n0\r\nX-End: really\r\n\r\n')
      const { content } = await client.response('POST')
      assert.deepEqual(JSON.parse(content), { content: 'abc', trailers: [['x-end', 'really']] })
    })

    it('passes content of a peer that expects 100 Continue only when the handler asks for it', async () => {
      const head = (target: string): string =>
        `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`
      const unread = await pool.connect(head('/unread'))
      assert.equal((await unread.response('POST')).status, 200)
      const read = await pool.connect(head('/trailers'))
      assert.equal((await read.response('POST')).status, 100)
      read.send('abc')
      assert.include((await read.response('POST')).content, '"abc"')
    })
  })

  describe('passes content', () => {
    afterEach(() => pool.remove())

    it('in chunks, in both directions at once, with every octet intact', async () => {
      const octets = 48 * MIB
      pool = await PooledServer.start({ 'limits.bodyBytes': octets, 'limits.requestBytes': 2 * octets })
      const fields = 'Host: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
      const client = await pool.connect(`POST /back HTTP/1.1\r\n${fields}`)
      const piece = randomBytes(MIB)
      const sent = createHash('sha1')
      for (let at = 0; at < octets; at += MIB) {
        sent.update(piece)
        client.send(Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), piece, Buffer.from('\r\n')]))
      }
      client.send('0\r\n\r\n')
      // Parses the response once, at its end: parsing it again after each piece takes too long.
      const [response] = parseResponses(Buffer.from(await client.rest(), 'latin1'), ['POST'])
      const { content } = response!
      const received = createHash('sha1').update(Buffer.from(content, 'latin1'))
      assert.deepEqual([content.length, received.digest('hex')], [octets, sent.digest('hex')])
    })

    it('only up to a limit while the handler does not read', async () => {
      pool = await PooledServer.start({ 'limits.bodyBytes': 64 * MIB, 'limits.requestBytes': 64 * MIB })
      const client = await pool.connect(`POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: ${32 * MIB}\r\n\r\n`)
      client.send(Buffer.alloc(32 * MIB))
      assert.equal((await client.response('POST')).content, 'unread\n')
      const line = await pool.server.logLine(({ target }) => target === '/unread')
      assert.isBelow(line['bytesIn'] as number, MIB)
    })
  })

  describe('does not start', () => {
    const refused: [rule: string, plugin: string, reason: RegExp][] = [
      [
        'with a plugin that cannot be loaded in threads',
        "import { isMainThread } from 'node:worker_threads'\nif (!isMainThread) throw new Error('not in a thread')\n" +
          "export default { name: 'main', routes: { 'GET /': () => '' } }\n",
        /not in a thread/,
      ],
      [
        'with a plugin whose start fails in threads',
        "export default { name: 'main', routes: { 'GET /': () => '' }, " +
          "start({ thread }) { if (thread === 2) throw new Error('not the second') } }\n",
        /not the second/,
      ],
      [
        'with a plugin that has other routes in threads',
        "export default { name: 'main', routes: ({ thread }) => ({ ['GET /' + thread]: () => '' }) }\n",
        /Cannot run handlers in thread \d: found no "GET \/0"/,
      ],
    ]
    for (const [rule, plugin, reason] of refused) {
      it(`${rule}, and prints the reason`, async () => {
        const folder = new TemporaryFolder({ 'plugins/main.mjs': plugin })
        try {
          const flags = ['--port', '0', '--engine', 'threadpool', '--set', 'threadpool.workers=2']
          const { code, stderr } = await Program.run([...flags, '--plugins', `${folder.path}/plugins`])
          assert.equal(code, 1)
          assert.match(stderr, reason)
          assert.notInclude(stderr, 'listening')
        } finally {
          folder.remove()
        }
      })
    }
  })
})
