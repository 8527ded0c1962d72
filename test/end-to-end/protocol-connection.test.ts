import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { describeInEachWay, isSecure } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { PROBE } from './support/probe-plugin.js'
import { post, request } from '../wire/requests.js'
import { valueOf, type RawResponse } from '../wire/response-parser.js'
import { startServer, type RunningServer } from './support/server.js'

const KIB = 1024

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`

const CHUNKED_POST =
  request('POST /trailers', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') +
  '5;name="a;b"\r\nhello\r\n0006 ; q = r\r\n world\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\nX-Sum: 8\r\n\r\n'

/** Requests of every kind, to be pipelined. */
const PIPELINE: readonly (readonly [method: string, octets: string, content: string])[] = [
  ['GET', request('GET /plain'), 'plain\n'],
  ['HEAD', request('HEAD /plain'), ''],
  ['POST', post('/echo', 'hello'), 'hello'],
  ['GET', request('GET /pieces'), 'one two three\n'],
  ['HEAD', request('HEAD /pieces'), ''],
  ['POST', post('/unread', 'GET /plain HTTP/1.1\r\n'), 'unread\n'],
  ['OPTIONS', request('OPTIONS /plain'), ''],
  ['POST', CHUNKED_POST, '{"content":"hello world","trailers":[["x-sum","7"],["x-sum","8"]]}'],
  [
    'GET',
    request('GET /request/a%20b?c=d'),
    '{"path":"/request/a b","query":[["c","d"]],"params":{"name":"a b"},"host":"a"}',
  ],
  ['POST', post('/echo', ''), ''],
  ['GET', `\r\n\r\n${request('GET /plain')}`, 'plain\n'],
]
const METHODS = PIPELINE.map(([method]) => method)
const OCTETS = PIPELINE.map(([, octets]) => octets).join('')

/** The scheme of the connection, which an absolute target must have. */
const scheme = (): string => (isSecure() ? 'https' : 'http')

describeInEachWay('a connection', () => {
  let folder: TemporaryFolder
  let server: RunningServer

  before(async () => {
    folder = new TemporaryFolder({ 'probe.js': PROBE })
    server = await startServer({ flags: ['--plugins', folder.path] })
  })
  after(async () => {
    await server.stop('SIGKILL')
    folder.remove()
  })

  describe('pipelined requests are answered in order', () => {
    it('sent in one piece', async () => {
      const client = await server.connect()
      client.send(OCTETS)
      checkPipeline(await client.responses(...METHODS))
      client.close()
    })

    it('sent octet by octet', async () => {
      const client = await server.connect()
      const [responses] = await Promise.all([client.responses(...METHODS), client.sendOctetByOctet(OCTETS)])
      checkPipeline(responses)
      client.close()
    })

    it('with the sending side closed after them', async () => {
      const client = await server.connect()
      client.send(OCTETS)
      client.halfClose()
      checkPipeline(await client.responses(...METHODS))
      assert.equal(await client.rest(), '')
      assert.equal(client.ending, 'ended')
    })

    it('hundreds of them, more than the read buffer holds', async () => {
      const client = await server.connect()
      const content = 'x'.repeat(KIB)
      client.send(post('/echo', content).repeat(500))
      const responses = await client.responses(...Array.from({ length: 500 }, () => 'POST'))
      assert.isTrue(responses.every((response) => response.content === content))
      client.close()
    })

    it('up to one that closes the connection', async () => {
      const client = await server.connect()
      client.send(request('GET /plain') + request('GET /pieces', 'Connection: close') + request('GET /canary'))
      assert.equal((await client.response()).content, 'plain\n')
      const last = await client.lastResponse()
      assert.equal(last.content, 'one two three\n')
      assert.equal(valueOf(last, 'connection'), 'close')
    })
  })

  describe('a client that ends its side in the middle', () => {
    for (const [where, octets] of [
      ['a request line', 'GET /pl'],
      ['a head', 'GET /plain HTTP/1.1\r\nHost: a\r\n'],
      ['content of known length', post('/echo', 'hello').slice(0, -1)],
      ['a chunk', `${request('POST /echo', 'Transfer-Encoding: chunked')}5\r\nhel`],
      ['a trailer section', `${request('POST /echo', 'Transfer-Encoding: chunked')}0\r\nX: y\r\n`],
    ] as const) {
      it(`of ${where} gets 400 for it, after the responses to complete requests`, async () => {
        const client = await server.connect()
        client.send(request('GET /plain') + octets)
        client.halfClose()
        assert.equal((await client.response()).content, 'plain\n')
        const refusal = await client.lastResponse()
        assert.equal(refusal.status, 400)
        assert.equal(valueOf(refusal, 'connection'), 'close')
      })
    }

    it('of nothing sees the connection end without a response', async () => {
      const client = await server.connect()
      client.halfClose()
      assert.equal(await client.rest(), '')
      assert.equal(client.ending, 'ended')
    })
  })

  describe('HTTP/1.0', () => {
    it('persists on request, and the response says so', async () => {
      const client = await server.connect()
      client.send(lines('GET /plain HTTP/1.0', 'Connection: keep-alive').repeat(2))
      for (const response of await client.responses('GET', 'GET')) {
        assert.equal(valueOf(response, 'connection'), 'keep-alive')
        assert.equal(response.content, 'plain\n')
      }
      client.close()
    })

    it('closes otherwise, and needs no host', async () => {
      const client = await server.connect()
      client.send(lines('GET /plain HTTP/1.0'))
      assert.equal(valueOf(await client.lastResponse(), 'connection'), 'close')
    })

    it('gets a stream that ends with the connection, even if it asked for keep-alive', async () => {
      const client = await server.connect()
      client.send(lines('GET /pieces HTTP/1.0', 'Connection: keep-alive'))
      const response = await client.lastResponse()
      assert.equal(response.framing, 'close')
      assert.equal(valueOf(response, 'connection'), 'close')
      assert.equal(response.content, 'one two three\n')
    })

    it('gets no interim response', async () => {
      const client = await server.connect()
      client.send(lines('POST /echo HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 5'))
      client.send('hello')
      const response = await client.lastResponse()
      assert.deepEqual([response.status, response.content], [200, 'hello'])
    })
  })

  describe('versions and forms of the target', () => {
    it('HTTP/1.2 is read as 1.1', async () => {
      const client = await server.connect()
      client.send(lines('GET /pieces HTTP/1.2', 'Host: a'))
      const response = await client.response()
      assert.equal(response.framing, 'chunked')
      assert.equal(valueOf(response, 'connection'), 'keep-alive')
      client.close()
    })

    it('an absolute target is served', async () => {
      const client = await server.connect()
      client.send(request(`GET ${scheme()}://b:80/request/x?y=z`, 'Connection: close'))
      const { path, query } = JSON.parse((await client.lastResponse()).content) as { path: string; query: unknown }
      assert.deepEqual({ path, query }, { path: '/request/x', query: [['y', 'z']] })
    })

    it('an encoded slash does not separate segments, and the handler gets a slash', async () => {
      const client = await server.connect()
      client.send(request('GET /request/a%2Fb', 'Connection: close'))
      const { path, params } = JSON.parse((await client.lastResponse()).content) as { path: string; params: unknown }
      assert.deepEqual({ path, params }, { path: '/request/a%2Fb', params: { name: 'a/b' } })
    })

    it('dot segments are removed before routing', async () => {
      const client = await server.connect()
      client.send(request('GET /request/../%2e%2e/./plain', 'Connection: close'))
      assert.equal((await client.lastResponse()).content, 'plain\n')
    })
  })

  describe('an expectation of 100-continue', () => {
    it('is met when the handler asks for content', async () => {
      const client = await server.connect()
      client.send(request('POST /echo', 'Content-Length: 5', 'Expect: 100-continue'))
      const interim = await client.response('POST')
      assert.deepEqual([interim.status, interim.fields], [100, []])
      client.send(`hello${request('GET /plain')}`)
      const [echo, plain] = await client.responses('POST', 'GET')
      assert.deepEqual([echo!.content, plain!.content], ['hello', 'plain\n'])
      client.close()
    })

    it('is met when the handler answers with a stream that asks for content', async () => {
      const client = await server.connect()
      client.send(request('POST /back', 'Content-Length: 5', 'Expect: 100-continue'))
      const interim = await client.response('POST')
      assert.deepEqual([interim.status, interim.fields], [100, []])
      client.send(`hello${request('GET /plain')}`)
      const [back, plain] = await client.responses('POST', 'GET')
      assert.deepEqual([back!.content, plain!.content], ['hello', 'plain\n'])
      client.close()
    })

    it('is ignored when content has arrived already', async () => {
      const client = await server.connect()
      client.send(post('/echo', 'hello', 'Expect: 100-Continue'))
      const response = await client.response('POST')
      assert.deepEqual([response.status, response.content], [200, 'hello'])
      client.close()
    })

    it('that is not met ends the connection, since the next octets could be content or a request', async () => {
      const client = await server.connect()
      client.send(request('POST /unread', 'Content-Length: 5', 'Expect: 100-continue'))
      const response = await client.response('POST')
      assert.deepEqual([response.status, valueOf(response, 'connection')], [200, 'close'])
      client.send(request('GET /canary'))
      assert.equal(await client.rest(), '')
      client.close()
    })
  })

  describe('content that the handler does not read', () => {
    it('up to 64 KiB is skipped, and the connection persists', async () => {
      const client = await server.connect()
      client.send(post('/unread', 'x'.repeat(64 * KIB)) + request('GET /plain'))
      const [unread, plain] = await client.responses('POST', 'GET')
      assert.deepEqual([unread!.content, plain!.content], ['unread\n', 'plain\n'])
      client.close()
    })

    it('is skipped even if it arrives late', async () => {
      const client = await server.connect()
      client.send(request('POST /unread', 'Content-Length: 5'))
      assert.equal(valueOf(await client.response('POST'), 'connection'), 'keep-alive')
      client.send(`hello${request('GET /plain')}`)
      assert.equal((await client.response()).content, 'plain\n')
      client.close()
    })

    it('above 64 KiB ends the connection, but its response arrives', async () => {
      const client = await server.connect()
      client.send(post('/unread', 'x'.repeat(1000 * KIB)))
      client.send(request('GET /canary'))
      const response = await client.lastResponse('POST')
      assert.deepEqual([response.content, valueOf(response, 'connection')], ['unread\n', 'close'])
    })

    it('above 64 KiB in chunks ends the connection, too, but its response arrives', async () => {
      const client = await server.connect()
      client.send(request('POST /unread', 'Transfer-Encoding: chunked'))
      client.send(`4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(60))
      client.send(`0\r\n\r\n${request('GET /canary')}`)
      assert.equal((await client.lastResponse('POST')).content, 'unread\n')
    })
  })

  it('ends at the configured number of requests', async () => {
    const few = await startServer({ flags: ['--set', 'maxKeepAliveRequests=3'] })
    const client = await few.connect()
    client.send(request('GET /').repeat(5))
    const [first, second] = await client.responses('GET', 'GET')
    assert.equal(valueOf(first!, 'keep-alive'), 'timeout=75, max=2')
    assert.equal(valueOf(second!, 'keep-alive'), 'timeout=75, max=1')
    assert.equal(valueOf(await client.lastResponse(), 'connection'), 'close')
    await few.stop('SIGKILL')
  })

  it('ignores a request to upgrade to another protocol', async () => {
    const client = await server.connect()
    client.send(request('GET /plain', 'Connection: Upgrade', 'Upgrade: h2c, websocket') + request('GET /plain'))
    const [first, second] = await client.responses('GET', 'GET')
    assert.deepEqual([first!.status, second!.status], [200, 200])
    client.close()
  })

  it('ignores the names of framing fields in Connection', async () => {
    const client = await server.connect()
    client.send(post('/echo', request('GET /canary'), 'Connection: content-length, transfer-encoding, host'))
    assert.equal((await client.response('POST')).content, request('GET /canary'))
    client.close()
  })

  it('is independent of 99 others at the same time', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => server.connect()))
    clients.forEach((client, at) => client.send(post('/echo', `number ${at}`) + request('GET /pieces')))
    const answers = await Promise.all(clients.map((client) => client.responses('POST', 'GET')))
    answers.forEach(([echo, pieces], at) => {
      assert.deepEqual([echo!.content, pieces!.content], [`number ${at}`, 'one two three\n'])
    })
    clients.forEach((client) => client.close())
  })
})

function checkPipeline(responses: readonly RawResponse[]): void {
  assert.deepEqual(
    responses.map(({ content }) => content),
    PIPELINE.map(([, , content]) => content),
  )
  assert.isTrue(responses.every((response) => valueOf(response, 'connection') === 'keep-alive'))
}
