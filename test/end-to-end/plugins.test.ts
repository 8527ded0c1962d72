import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { describeOnEachEngine } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { request } from '../wire/requests.js'
import { valueOf, type RawResponse } from '../wire/response-parser.js'
import { startServer, type LogLine, type RunningServer } from './support/server.js'

const PLUGIN_JS = `
import { bytes, definePlugin, empty, html, json, redirect, stream, text } from 'portico/plugin'

const enough = { length: 20, value: 'x'.repeat(65536) }

export default definePlugin({
  name: 'makers',
  routes: {
    'GET /bare': () => 'grüße\\n',
    'GET /text': () => text('teapot', { status: 418, headers: { 'X-A': ['1', '2'], 'Content-Type': 'text/x' } }),
    'GET /html': () => html('<p>é'),
    'GET /json': () => json({ a: [1, null] }),
    'GET /bytes': () => bytes(Uint8Array.of(0, 255, 13, 10)),
    'GET /large': () => bytes(Buffer.alloc(3_000_000, 'z'), 'text/plain'),
    'GET /stream': async () => stream((async function* () { yield 'a'; yield Buffer.from('b'); yield '' ; yield 'é' })()),
    'GET /sized': () => stream(['12345', '67890'], { length: 10 }),
    'GET /endless': () => stream((function* () { for (let at = 0; at < enough.length; at++) yield enough.value })()),
    'GET /redirect': () => redirect('/bare?a=ü', 307),
    'GET /empty': () => empty(),
    'GET /users/:id': ({ params }) => text('user ' + params.id),
    'GET /users/me': () => 'myself',
    'GET /files/*': ({ params }) => text('file ' + params['*']),
    'GET /__proto__/:__proto__': ({ params, query }) => json([Object.keys(params), query.get('__proto__')]),
    'PURGE /bare': () => 'purged',
    'POST /json': async (request) => json(await request.json()),
    'POST /reverse': (request) => stream((async function* () {
      for await (const piece of request.content) yield Buffer.from(piece).reverse()
    })()),
  },
})
`

/** TypeScript that only needs its types erased, as a user may write it. */
const PLUGIN_TS = `
import { definePlugin, json, type PluginContext, type Request } from 'portico/plugin'

interface Greeting { readonly greeting: string; readonly id: string }

const greet = (request: Request): Greeting => ({ greeting: \`hello \${request.params['name'] as string}\`, id: request.id })

let begun: string[] = []

export default definePlugin({
  name: 'typed',
  start(context: PluginContext) {
    begun.push(String(context.settings['word']))
    context.log.info('typed begins', { phase: context.phase() })
  },
  stop(): void {
    process.stderr.write('typed has stopped\\n')
  },
  routes: ({ settings }) => ({
    'GET /greet/:name': { handler: (request: Request) => json(greet(request)), inline: true },
    [\`GET /\${String(settings['word'])}\`]: () => json(begun satisfies string[]),
  }),
})
`

const FAILING = `
import { setTimeout } from 'node:timers/promises'
import { definePlugin, stream, text } from 'portico/plugin'

const SECRET = 'the secret of the house'
let release
const released = new Promise((resolve) => (release = resolve))

export default definePlugin({
  name: 'failing',
  routes: {
    'GET /throws': () => { throw new Error(SECRET) },
    'GET /throws-text': () => { throw SECRET },
    'GET /rejects': async () => { await setTimeout(1); throw new Error(SECRET) },
    'GET /splits': () => text('x', { headers: { 'X-A': 'a\\r\\nSet-Cookie: ' + SECRET } }),
    'GET /splits-name': () => text('x', { headers: { 'X-A: b\\r\\nX-B': 'c' } }),
    'GET /frames': () => text('x', { headers: { 'Content-Length': '100' } }),
    'GET /nothing': () => undefined,
    'GET /number': async () => 7,
    'GET /status': () => text('x', { status: 1000 }),
    'GET /breaks': () => stream((async function* () {
      yield 'first'
      await released
      throw new Error(SECRET)
    })()),
    'GET /breaks-at-once': () => stream((function* () { throw new Error(SECRET) })()),
    'GET /go': () => { release(); return 'gone' },
    'GET /short': () => stream(['12345'], { length: 10 }),
    'GET /over': () => stream(['12345', '67890', 'x'], { length: 10 }),
    'GET /over-at-once': () => stream(['12345678901'], { length: 10 }),
    'GET /odd-piece': () => stream([{}]),
    'GET /fine': () => 'fine',
  },
})
`

describeOnEachEngine('plugins of a folder outside the package', () => {
  let folder: TemporaryFolder
  let server: RunningServer

  const ask = async (requestLine: string, content = '', ...fields: string[]): Promise<RawResponse> => {
    const client = await server.connect()
    const framing = content === '' ? [] : [`Content-Length: ${Buffer.byteLength(content)}`]
    client.send(
      request(requestLine, 'Connection: close', ...framing, ...fields) + Buffer.from(content).toString('latin1'),
    )
    return client.lastResponse(requestLine.split(' ')[0])
  }

  describe('in JavaScript and TypeScript', () => {
    before(async () => {
      folder = new TemporaryFolder({
        'plugins/makers.js': PLUGIN_JS,
        'plugins/typed/index.ts': PLUGIN_TS,
        'plugins/plain.mjs': "export default { name: 'plain', routes: { 'GET /plain': () => 'plain' } }",
        'plugins/_shared.js': "throw new Error('not a plugin')",
        'plugins/notes.txt': 'not a plugin either',
        'portico.json5': "{ plugins: { directory: 'plugins', settings: { typed: { word: 'magic' } } } }",
      })
      server = await startServer({ flags: ['--config', `${folder.path}/portico.json5`] })
    })
    after(async () => {
      await server.stop('SIGKILL')
      folder.remove()
    })

    const answers: [requestLine: string, status: number, type: string | undefined, content: string][] = [
      ['GET /bare', 200, 'text/plain; charset=utf-8', 'grüße\n'],
      ['GET /text', 418, 'text/x', 'teapot'],
      ['GET /html', 200, 'text/html; charset=utf-8', '<p>é'],
      ['GET /json', 200, 'application/json', '{"a":[1,null]}'],
      ['GET /stream', 200, 'application/octet-stream', 'abé'],
      ['GET /sized', 200, 'application/octet-stream', '1234567890'],
      ['GET /empty', 204, undefined, ''],
      ['GET /users/7', 200, 'text/plain; charset=utf-8', 'user 7'],
      ['GET /users/me', 200, 'text/plain; charset=utf-8', 'myself'],
      ['GET /files/a/b%2Fc', 200, 'text/plain; charset=utf-8', 'file a/b/c'],
      ['GET /__proto__/x?__proto__=y', 200, 'application/json', '[["__proto__"],"y"]'],
      ['PURGE /bare', 200, 'text/plain; charset=utf-8', 'purged'],
      ['GET /plain', 200, 'text/plain; charset=utf-8', 'plain'],
      ['GET /magic', 200, 'application/json', '["magic"]'],
    ]
    for (const [requestLine, status, type, content] of answers) {
      it(`${requestLine} gets the response of its handler`, async () => {
        const response = await ask(requestLine)
        assert.equal(response.status, status)
        assert.equal(valueOf(response, 'content-type'), type)
        assert.equal(Buffer.from(response.content, 'latin1').toString(), content)
      })
    }

    it('sends octets unchanged', async () => {
      assert.equal((await ask('GET /bytes')).content, '\0\xff\r\n')
    })

    it('sends large content whole', async () => {
      const { content } = await ask('GET /large')
      assert.isTrue(content === 'z'.repeat(3_000_000))
    })

    it('sends a stream of known length with Content-Length, and one of unknown length in chunks', async () => {
      assert.deepEqual([(await ask('GET /sized')).framing, (await ask('GET /stream')).framing], ['length', 'chunked'])
    })

    it('streams large content whole', async () => {
      assert.equal((await ask('GET /endless')).content.length, 20 * 65536)
    })

    it('redirects to the location of the handler', async () => {
      const response = await ask('GET /redirect')
      assert.equal(response.status, 307)
      assert.equal(valueOf(response, 'location'), '/bare?a=%C3%BC')
    })

    it('gives a handler its parameters, and the request id of the response', async () => {
      const response = await ask('GET /greet/you')
      assert.deepEqual(JSON.parse(response.content), { greeting: 'hello you', id: valueOf(response, 'x-request-id') })
    })

    it('gives a handler the content as JSON', async () => {
      const { content } = await ask('POST /json', '{"a": "é"}')
      assert.equal(Buffer.from(content, 'latin1').toString(), '{"a":"é"}')
    })

    it('gives 400 for content that the handler cannot read as JSON', async () => {
      assert.equal((await ask('POST /json', 'no JSON')).status, 400)
    })

    it('lets a handler answer while content still arrives', async () => {
      const client = await server.connect()
      client.send(request('POST /reverse', 'Transfer-Encoding: chunked'))
      client.send('3\r\nabc\r\n')
      await client.until('\r\n\r\n')
      assert.equal(await client.until('cba\r\n'), '3\r\ncba\r\n')
      client.send('2\r\nde\r\n')
      assert.equal(await client.until('ed\r\n'), '2\r\ned\r\n')
      client.send('0\r\n\r\n')
      assert.equal(await client.until('0\r\n\r\n'), '0\r\n\r\n')
      client.close()
    })

    it('starts plugins before the first request, with their settings and a logger', async () => {
      const line = await server.logLine(({ event }) => event === 'typed begins')
      assert.equal(line['phase'], 'starting')
      assert.equal(line['level'], 'info')
    })

    it('also serves the shipped operator routes, but not the examples', async () => {
      assert.equal((await ask('GET /livez')).status, 200)
      assert.equal((await ask('GET /readyz')).content, 'running\n')
      assert.equal((await ask('GET /static/')).status, 200)
      assert.equal((await ask('GET /')).status, 404)
    })

    it('stops plugins at the end', async () => {
      const brief = await startServer({ flags: ['--config', `${folder.path}/portico.json5`] })
      await brief.stop()
      assert.include(brief.program.stderr, 'typed has stopped')
    })
  })

  describe('that fail', () => {
    before(async () => {
      folder = new TemporaryFolder({ 'failing.js': FAILING })
      // One thread, because /go must run in the thread in which /breaks waits.
      server = await startServer({ flags: ['--plugins', folder.path, '--set', 'threadpool.workers=1'] })
    })
    after(async () => {
      await server.stop('SIGKILL')
      folder.remove()
    })

    for (const path of [
      '/throws',
      '/throws-text',
      '/rejects',
      '/splits',
      '/splits-name',
      '/frames',
      '/nothing',
      '/number',
      '/status',
    ]) {
      it(`GET ${path}: 500 without the error, which is in the log, and the connection persists`, async () => {
        const client = await server.connect()
        client.send(request(`GET ${path}`) + request('GET /fine'))
        const [failure, fine] = await client.responses('GET', 'GET')
        assert.equal(failure!.status, 500)
        assert.deepEqual(JSON.parse(failure!.content), {
          type: 'about:blank',
          title: 'Internal Server Error',
          status: 500,
        })
        assert.notInclude(JSON.stringify(failure!.fields), 'secret')
        assert.equal(fine!.content, 'fine')
        client.close()

        const id = valueOf(failure!, 'x-request-id')!
        const event = await server.logLine((line) => line['event'] === 'handler failed' && line['request'] === id)
        assert.equal(event['route'], `GET ${path}`)
        assert.equal(event['level'], 'error')
        if (path !== '/throws-text') assert.match(stackOf(event), /\n +at /)
        assert.include(await server.accessLine(id), { status: 500, outcome: 'failed', route: `GET ${path}` })
      })
    }

    it('the stack names the line in the plugin', async () => {
      const { request: id } = await failed('GET /throws')
      const event = await server.logLine((line) => line['event'] === 'handler failed' && line['request'] === id)
      assert.include(stackOf(event), 'the secret of the house')
      assert.match(stackOf(event), /failing\.js:\d+/)
      assert.match(stackOf(event), / \(src\/app\/(?:serving|threads)\/[\w-]+\.ts:\d+\)/, 'the server, by its sources')
    })

    it('a stream that throws is cut off, so that the client does not accept a part as the whole', async () => {
      const client = await server.connect()
      client.send(request('GET /breaks') + request('GET /fine'))
      await client.until('5\r\nfirst\r\n')
      await ask('GET /go')
      assert.equal(await client.rest(), '')
      assert.equal(client.ending, 'reset')
      const event = await server.logLine(
        (line) => line['event'] === 'content failed' && line['route'] === 'GET /breaks',
      )
      assert.include(stackOf(event), 'the secret of the house')
      assert.include(await server.accessLine(String(event['request'])), { status: 200, outcome: 'failed' })
    })

    for (const [path, why] of [
      ['/short', 'ends before its declared length'],
      ['/over', 'exceeds its declared length'],
      ['/over-at-once', 'exceeds its declared length in its first piece'],
      ['/breaks-at-once', 'throws before its first piece'],
      ['/odd-piece', 'yields something that is not content'],
    ] as const) {
      it(`a stream that ${why} is cut off`, async () => {
        const client = await server.connect()
        client.send(request(`GET ${path}`) + request('GET /fine'))
        const seen = await client.rest()
        assert.equal(client.ending, 'reset')
        assert.notMatch(seen, /fine|\r\n0\r\n\r\n|67890x/)
        const event = await server.logLine(
          (line) => line['event'] === 'content failed' && line['route'] === `GET ${path}`,
        )
        assert.match(stackOf(event), /\n +at /)
      })
    }

    it('do not stop the server', async () => {
      assert.equal((await ask('GET /fine')).content, 'fine')
    })

    async function failed(requestLine: string): Promise<{ request: string }> {
      return { request: valueOf(await ask(requestLine), 'x-request-id')! }
    }
  })
})

const stackOf = (event: LogLine): string => (event['error'] as { stack?: string } | undefined)?.stack ?? ''
