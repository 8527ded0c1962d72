// Longer than other files because of its table of refused requests, one row each.
import { assert } from 'chai'
import { after, before, it } from 'mocha'
import { describeInEachWay, isSecure } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { PROBE } from './support/probe-plugin.js'
import type { RawClient } from './support/raw-client.js'
import { valueOf, type RawResponse } from '../wire/response-parser.js'
import { startServer, type RunningServer } from './support/server.js'

const CANARY = 'GET /canary HTTP/1.1\r\nHost: a\r\n\r\n'

/** Longer requests are sent in larger pieces, because sending each octet separately would take too long. */
const MOST_SINGLE_OCTETS = 1500

type Row = readonly [what: string, octets: string]

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`
const line = (requestLine: string): string => lines(requestLine, 'Host: a')
const field = (...fields: string[]): string => lines('GET /plain HTTP/1.1', 'Host: a', ...fields)
const host = (...fields: string[]): string => lines('GET /plain HTTP/1.1', ...fields)
const post = (...fields: string[]): string => lines('POST /echo HTTP/1.1', 'Host: a', ...fields)
const chunked = (content: string): string => post('Transfer-Encoding: chunked') + content
const target = (text: string): string => line(`GET ${text} HTTP/1.1`)

/** Every rule that refuses a request, with its status and requests that break it. */
const RULES: readonly (readonly [rule: string, status: number, rows: readonly Row[]])[] = [
  [
    'request-line',
    400,
    [
      ['HTTP/0.9', 'GET /plain\r\n'],
      ['a tab instead of a space', line('GET\t/plain HTTP/1.1')],
      ['two spaces', line('GET  /plain HTTP/1.1')],
      ['two spaces before the version', line('GET /plain  HTTP/1.1')],
      ['a space at the end', line('GET /plain HTTP/1.1 ')],
      ['no method', line(' /plain HTTP/1.1')],
    ],
  ],
  ['leading-crlf', 400, [['five empty lines', `${'\r\n'.repeat(5)}${target('/plain')}`]]],
  [
    'bare-lf',
    400,
    [
      ['after the request line', 'GET /plain HTTP/1.1\nHost: a\r\n\r\n'],
      ['after a field', 'GET /plain HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
      ['at the end of the head', 'GET /plain HTTP/1.1\r\nHost: a\r\n\n'],
      ['after a chunk size', chunked('5\nhello\r\n0\r\n\r\n')],
      ['after a trailer', chunked('0\r\nX: y\n\r\n')],
    ],
  ],
  [
    'bare-cr',
    400,
    [
      ['in a field', 'GET /plain HTTP/1.1\r\nHost: a\rX: y\r\n\r\n'],
      ['in the request line', 'GET /plain\r HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['after a chunk size', chunked('5\rhello\r\n0\r\n\r\n')],
    ],
  ],
  ['method', 400, [['an at sign', line('G@T /plain HTTP/1.1')]]],
  [
    'method-unknown',
    501,
    [
      ['an unknown method', line('BREW /plain HTTP/1.1')],
      ['a known method in lower case', line('get /plain HTTP/1.1')],
      ['CONNECT', line('CONNECT a:80 HTTP/1.1')],
    ],
  ],
  [
    'version-syntax',
    400,
    [
      ['two digits', line('GET /plain HTTP/1.10')],
      ['lower case', line('GET /plain http/1.1')],
      ['no minor version', line('GET /plain HTTP/1')],
      ['another protocol', line('GET /plain ICAP/1.0')],
    ],
  ],
  [
    'version',
    505,
    [
      ['HTTP/2.0', line('GET /plain HTTP/2.0')],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ],
  ],
  ['target-length', 414, [['over the limit and without an end', `GET /${'a'.repeat(8300)}`]]],
  [
    'target',
    400,
    [
      ['an asterisk for GET', target('*')],
      ['authority-form', target('a:80')],
      ['a fragment', target('/plain#x')],
      ['a quote', target('/plain"')],
      ['an angle bracket', target('/<plain>')],
      ['a backslash', target('/\\plain')],
      ['an octet outside ASCII', target('/pl\xe4in')],
      ['another scheme', target('ftp://a/plain')],
      ['user information', target('SCHEME://user@a/plain')],
    ],
  ],
  [
    'target-encoding',
    400,
    [
      ['no hexadecimal digits', target('/%zz')],
      ['one digit', target('/%2')],
      ['NUL', target('/%00')],
    ],
  ],
  ['misdirected', 421, [['the scheme of the other kind of connection', target('OTHER://a/plain')]]],
  [
    'field-name',
    400,
    [
      ['white space before the colon', field('X : y')],
      ['no name', field(': y')],
      ['no colon', field('nothing')],
      ['a space inside', field('X Y: z')],
      ['a NUL inside', field('X\0Y: z')],
    ],
  ],
  [
    'field-folding',
    400,
    [
      ['after a field', field('X: y', ' z')],
      ['with a tab', field('X: y', '\tz')],
      ['right after the request line', lines('GET /plain HTTP/1.1', ' X: y', 'Host: a')],
    ],
  ],
  [
    'field-value',
    400,
    [
      ['NUL', field('X: a\0b')],
      ['a control character', field('X: a\x01b')],
      ['DEL', field('X: a\x7fb')],
    ],
  ],
  [
    'head-size',
    431,
    [['over the limit and without an end', `${line('GET /plain HTTP/1.1').slice(0, -2)}X: ${'a'.repeat(17_000)}`]],
  ],
  ['field-count', 431, [['one field too many', field(...Array.from({ length: 100 }, (_, at) => `X-${at}: y`))]]],
  [
    'host',
    400,
    [
      ['missing', host('X: y')],
      ['twice', host('Host: a', 'Host: a')],
      ['a list', host('Host: a, b')],
      ['empty', host('Host:')],
      ['user information', host('Host: user@a')],
      ['a path', host('Host: a/b')],
      ['a port that is not a number', host('Host: a:x')],
      ['a port out of range', host('Host: a:65536')],
      ['a space', host('Host: a b')],
      ['missing with an absolute target', lines('GET SCHEME://a/plain HTTP/1.1', 'X: y')],
      ['malformed with an absolute target', lines('GET SCHEME://a/plain HTTP/1.1', 'Host: a b')],
    ],
  ],
  [
    'length-syntax',
    400,
    ['+5', '-5', '0x5', '5_0', '5.0', '5e0', '5 5', '5, 5', '5,', '', '9007199254740992', '٥'].map((length): Row => [
      JSON.stringify(length),
      `${post(`Content-Length: ${Buffer.from(length).toString('latin1')}`)}hello`,
    ]),
  ],
  [
    'length-repeated',
    400,
    [
      ['equal', `${post('Content-Length: 5', 'Content-Length: 5')}hello`],
      ['unequal', `${post('Content-Length: 5', 'content-length: 6')}hello`],
    ],
  ],
  [
    'length-and-coding',
    400,
    [
      ['length first', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
      ['coding first', `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`],
    ],
  ],
  [
    'coding-repeated',
    400,
    [
      ['in one line', `${post('Transfer-Encoding: chunked, chunked')}0\r\n\r\n`],
      ['in two lines', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
      ['another coding in another line', `${post('Transfer-Encoding: gzip', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ],
  ],
  [
    'coding-unknown',
    501,
    [
      ['gzip before chunked', `${post('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`],
      ['identity before chunked', `${post('Transfer-Encoding: identity, chunked')}0\r\n\r\n`],
    ],
  ],
  [
    'coding-last',
    400,
    ['gzip', 'chunked, gzip', 'chunked;q=1', ', chunked', 'chunked,', 'chu nked', 'identity', ''].map((coding): Row => [
      JSON.stringify(coding),
      `${post(`Transfer-Encoding: ${coding}`)}0\r\n\r\n`,
    ]),
  ],
  ['coding-1.0', 400, [['chunked', lines('POST /echo HTTP/1.0', 'Transfer-Encoding: chunked') + '0\r\n\r\n']]],
  [
    'content-too-large',
    413,
    [
      ['declared', post('Content-Length: 1048577')],
      ['declared, with Expect: 100-continue', post('Content-Length: 1048577', 'Expect: 100-continue')],
      ['decoded', chunked(`80000\r\n${'a'.repeat(0x80000)}\r\n80001\r\n${'a'.repeat(0x80001)}\r\n0\r\n\r\n`)],
    ],
  ],
  [
    'chunk-size',
    400,
    ['', '-5', '+5', ' 5', '5 ', '\t5', '0x5', '5_0', 'five', '00000000000000005', 'fffffffffffffff0'].map(
      (size): Row => [JSON.stringify(size), chunked(`${size}\r\nhello\r\n0\r\n\r\n`)],
    ),
  ],
  [
    'chunk-extension',
    400,
    [
      ['a bare semicolon', chunked('5;\r\nhello\r\n0\r\n\r\n')],
      ['a control character', chunked('5;a=b\x01\r\nhello\r\n0\r\n\r\n')],
      ['a control character in quotes', chunked('5;a="\x01"\r\nhello\r\n0\r\n\r\n')],
      ['a line that is too long', chunked(`5;a=${'b'.repeat(300)}\r\nhello\r\n0\r\n\r\n`)],
    ],
  ],
  [
    'chunk-end',
    400,
    [
      ['more data', chunked('5\r\nhello!\r\n0\r\n\r\n')],
      ['a lone LF', chunked('5\r\nhello\n0\r\n\r\n')],
      ['nothing', chunked('5\r\nhello0\r\n\r\n')],
    ],
  ],
  [
    'chunk-overhead',
    400,
    [['much framing, little data', chunked(`${`1;a=${'b'.repeat(200)}\r\nx\r\n`.repeat(100)}0\r\n\r\n`)]],
  ],
  [
    'trailer',
    400,
    [
      ['no colon', chunked('0\r\nnothing\r\n\r\n')],
      ['white space before the colon', chunked('0\r\nX : y\r\n\r\n')],
      ['folded', chunked('0\r\nX: y\r\n z\r\n\r\n')],
    ],
  ],
  ['trailer', 431, [['over 4 KiB in all', chunked(`0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(5)}\r\n`)]]],
  ['expectation', 417, [['an unknown expectation', field('Expect: a-miracle')]]],
]

/** Replaces the scheme of an absolute target by that of the connection, or by the other one. */
function inScheme(octets: string): string {
  const [scheme, other] = isSecure() ? ['https', 'http'] : ['http', 'https']
  return octets.replace('SCHEME:', `${scheme}:`).replace('OTHER:', `${other}:`)
}

describeInEachWay('a request that breaks the protocol is refused, and no later octet is read as a request', () => {
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

  for (const [rule, status, rows] of RULES) {
    for (const [what, written] of rows) {
      it(`${rule}: ${what}, ${status}`, async () => {
        const octets = inScheme(written)
        const before = await rejections(server)
        checkRefusal(await answered(server, (client) => client.send(octets + CANARY)), status)
        checkRefusal(await answered(server, (client) => client.sendPieces([...piecesOf(octets), CANARY])), status)
        assert.deepEqual(
          await rejections(server),
          { ...before, [rule]: (before[rule] ?? 0) + 2 },
          'the rule is counted',
        )
      })
    }
  }

  it('a TLS handshake: 400, which names the protocol of the port if that is plain HTTP', async () => {
    const rule = isSecure() ? 'method' : 'tls-on-plain'
    const before = await rejections(server)
    const response = await answered(server, (client) => client.send(`\x16\x03\x01\x02\x00\x01${CANARY}`))
    assert.equal(response.status, 400)
    assert.equal(response.content.includes('This port speaks plain HTTP'), !isSecure())
    assert.equal((await rejections(server))[rule], (before[rule] ?? 0) + 1)
  })

  it('no request after a refused one has reached a handler', async () => {
    const { routes } = await metricsOf(server)
    assert.equal(routes.find(({ route }) => route === 'GET /canary')?.requests ?? 0, 0)
  })

  it('requests before the refused one are answered', async () => {
    const client = await server.connect()
    client.send(target('/plain') + target('/pieces') + target('/%zz') + CANARY)
    const [first, second] = await client.responses('GET', 'GET')
    assert.deepEqual([first!.content, second!.content], ['plain\n', 'one two three\n'])
    checkRefusal(await client.lastResponse(), 400)
  })

  it('content that turns out to be malformed after its response ends the connection without another response', async () => {
    const client = await server.connect()
    client.send(lines('POST /unread HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'))
    assert.equal((await client.response()).content, 'unread\n')
    client.send(`5\nhello${CANARY}`)
    assert.equal(await client.rest(), '')
    assert.equal(client.ending, 'ended')
    client.close()
  })

  it('content for a path without a route is never read as a request', async () => {
    const client = await server.connect()
    client.send(
      `${lines('GET /nowhere HTTP/1.1', 'Host: a', `Content-Length: ${CANARY.length}`)}${CANARY}${target('/plain')}`,
    )
    const [missing, plain] = await client.responses('GET', 'GET')
    assert.deepEqual([missing!.status, plain!.content], [404, 'plain\n'])
    client.close()
  })
})

interface Metrics {
  readonly routes: readonly { readonly route: string; readonly requests: number }[]
  readonly rejections: Readonly<Record<string, number>>
}

async function metricsOf(server: RunningServer): Promise<Metrics> {
  const client = await server.connect()
  client.send(lines('GET /_metrics HTTP/1.1', 'Host: a', 'Connection: close'))
  return JSON.parse((await client.lastResponse()).content) as Metrics
}

const rejections = async (server: RunningServer): Promise<Metrics['rejections']> => (await metricsOf(server)).rejections

async function answered(
  server: RunningServer,
  send: (client: RawClient) => void | Promise<void>,
): Promise<RawResponse> {
  const client = await server.connect()
  await send(client)
  return client.lastResponse()
}

function piecesOf(octets: string): string[] {
  const size = octets.length > MOST_SINGLE_OCTETS ? 1 + Math.floor(octets.length / 100) : 1
  return Array.from({ length: Math.ceil(octets.length / size) }, (_, at) => octets.slice(at * size, (at + 1) * size))
}

/** `lastResponse` has checked that nothing follows the response. */
function checkRefusal(response: RawResponse, status: number): void {
  assert.equal(response.status, status)
  assert.equal(valueOf(response, 'connection'), 'close')
  assert.isUndefined(valueOf(response, 'keep-alive'))
  assert.deepEqual(JSON.parse(response.content), { type: 'about:blank', title: response.reason, status })
}
