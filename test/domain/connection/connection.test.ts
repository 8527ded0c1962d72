import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Connection } from '../../../src/domain/connection/connection.js'
import {
  CLOSED,
  END_OF_CONTENT,
  NEED_MORE,
  PAUSED,
  type ConnectionEvent,
} from '../../../src/domain/connection/connection-event.js'
import type { ConnectionRules } from '../../../src/domain/connection/connection-rules.js'
import { CONTINUE, LAST_CHUNK } from '../../../src/domain/framing/head-writer.js'
import { ContentError } from '../../../src/domain/message/content-error.js'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import type { RequestHead } from '../../../src/domain/message/request-head.js'
import { RULES } from '../../wire/dialogue.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = { status: 200, fields: { wire: '' } }

function connectionWith(octets: string, rules: Partial<ConnectionRules> = {}): Connection {
  const connection = new Connection({ ...RULES, ...rules })
  connection.receive(Buffer.from(octets, 'latin1'))
  return connection
}

function post(content: string, fields = ''): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n${fields}\r\n${content}`
}

function requestOf(event: ConnectionEvent): RequestHead {
  assert.property(event, 'method', 'wanted a request')
  return event as RequestHead
}

function assertContent(event: ConnectionEvent, content: string): void {
  assert.instanceOf(event, Buffer)
  assert.equal(event.toString('latin1'), content)
}

function assertRefused(event: ConnectionEvent, status: number, rule: string): void {
  assert.instanceOf(event, ProtocolError)
  assert.deepInclude(event, { status, rule })
}

/** Answers the current request without content. */
function answer(connection: Connection): void {
  connection.respond(OK, 0, '', true)
  connection.finish()
}

describe('Connection: framing of a response', () => {
  const KEPT = 'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n'
  const CUT = 'Connection: close\r\n'
  const oldAndKept = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
  const cases: [
    rule: string,
    request: string,
    status: number,
    length: number | null,
    framing: string,
    lines: string,
  ][] = [
    ['a known length is declared', GET, 200, 5, 'length', `${KEPT}Content-Length: 5\r\n`],
    ['no content has length 0', GET, 200, 0, 'length', `${KEPT}Content-Length: 0\r\n`],
    [
      'content of unknown length for 1.1 is chunked',
      GET,
      200,
      null,
      'chunked',
      `${KEPT}Transfer-Encoding: chunked\r\n`,
    ],
    ['content of unknown length for 1.0 ends with the connection', 'GET / HTTP/1.0\r\n\r\n', 200, null, 'close', CUT],
    [
      'content of unknown length for 1.0 ends the connection in spite of keep-alive',
      oldAndKept,
      200,
      null,
      'close',
      CUT,
    ],
    ['a 1.0 peer that says keep-alive gets keep-alive', oldAndKept, 200, 5, 'length', `${KEPT}Content-Length: 5\r\n`],
    [
      'a 1.0 peer without keep-alive gets close',
      'GET / HTTP/1.0\r\n\r\n',
      200,
      5,
      'length',
      `${CUT}Content-Length: 5\r\n`,
    ],
    [
      'a peer that says close gets close',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      200,
      5,
      'length',
      `${CUT}Content-Length: 5\r\n`,
    ],
    ['204 has neither content nor length', GET, 204, 5, 'none', KEPT],
    ['304 has neither content nor coding', GET, 304, null, 'none', KEPT],
    [
      'HEAD gets the length of GET and no content',
      'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
      200,
      5,
      'none',
      `${KEPT}Content-Length: 5\r\n`,
    ],
    [
      'HEAD gets the coding of GET and no content',
      'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
      200,
      null,
      'none',
      `${KEPT}Transfer-Encoding: chunked\r\n`,
    ],
    [
      'HEAD of 1.0 does not end the connection',
      'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      200,
      null,
      'none',
      KEPT,
    ],
  ]
  for (const [rule, request, status, length, framing, lines] of cases) {
    it(rule, () => {
      const connection = connectionWith(request)
      requestOf(connection.next())
      const head = connection.respond({ status, fields: { wire: 'X: y\r\n' } }, length, 'Date: now\r\n', true)
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} [A-Za-z ]+\r\nDate: now\r\n`))
      assert.include(head, 'X: y\r\n')
      assert.match(head, /[^\n]\r\n\r\n$/)
      const own = head
        .split('\r\n')
        .slice(1)
        .filter((line) => line !== '' && !/^(X|Date):/.test(line))
      assert.equal(own.map((line) => `${line}\r\n`).join(''), lines)
      assert.equal(connection.framing, framing)
      assert.equal(connection.persists, lines.startsWith(KEPT))
    })
  }

  it('a server that must end the connection says close', () => {
    const connection = connectionWith(GET + GET)
    connection.next()
    assert.include(connection.respond(OK, 0, '', false), 'Connection: close\r\n')
    connection.finish()
    assert.equal(connection.next(), CLOSED)
  })

  it('the last permitted request is answered with close, earlier ones with the number of requests left', () => {
    const connection = connectionWith(GET + GET + GET, { maxRequests: 2 })
    connection.next()
    assert.include(connection.respond(OK, 0, '', true), 'Keep-Alive: timeout=75, max=1\r\n')
    connection.finish()
    connection.next()
    assert.include(connection.respond(OK, 0, '', true), 'Connection: close\r\n')
    connection.finish()
    assert.equal(connection.next(), CLOSED)
  })
})

describe('Connection: content of a response', () => {
  function responding(request: string, length: number | null): Connection {
    const connection = connectionWith(request)
    connection.next()
    connection.respond(OK, length, '', true)
    return connection
  }

  it('chunks begin with their size, and a last chunk ends them', () => {
    const connection = responding(GET, null)
    assert.equal(connection.piece(26), '1a\r\n')
    assert.equal(connection.piece(1), '1\r\n')
    assert.equal(connection.finish(), LAST_CHUNK)
  })

  it('content with a length is sent without additions', () => {
    const connection = responding(GET, 5)
    assert.equal(connection.piece(2) + connection.piece(3) + connection.finish(), '')
  })

  it('content that ends with the connection is sent without additions', () => {
    const connection = responding('GET / HTTP/1.0\r\n\r\n', null)
    assert.equal(connection.piece(2) + connection.finish(), '')
  })

  it('content that runs over its length is an error', () => {
    const connection = responding(GET, 5)
    connection.piece(5)
    assert.throws(() => connection.piece(1), ContentError)
  })

  it('content that ends before its length is an error', () => {
    const connection = responding(GET, 5)
    connection.piece(4)
    assert.throws(() => connection.finish(), ContentError)
  })

  it('HEAD owes no content for the declared length', () => {
    const connection = responding('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', 5)
    assert.equal(connection.finish(), '')
  })

  it('HEAD has no last chunk', () => {
    const connection = responding('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', null)
    assert.equal(connection.finish(), '')
  })
})

describe('Connection: 100 Continue (RFC 9110 §10.1.1)', () => {
  const EXPECTING = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'

  const silent: [rule: string, octets: string, rules?: Partial<ConnectionRules>][] = [
    ['the peer does not expect it', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'],
    ['no content will follow', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n'],
    ['the peer speaks 1.0', 'POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'],
    ['content has arrived with the head', `${EXPECTING}h`],
    ['it is switched off', EXPECTING, { expectContinue: false }],
  ]
  for (const [rule, octets, rules] of silent) {
    it(`none when ${rule}`, () => {
      const connection = connectionWith(octets, rules)
      requestOf(connection.next())
      assert.equal(connection.continue(), '')
    })
  }

  it('it is sent when content is first asked for, and only then', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    assert.equal(connection.continue(), CONTINUE)
    assert.equal(connection.continue(), '')
  })

  it('it is sent before chunked content too', () => {
    const connection = connectionWith(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
    )
    requestOf(connection.next())
    assert.equal(connection.continue(), CONTINUE)
  })

  it('none when content after the head was read', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    connection.receive(Buffer.from('h'))
    connection.next()
    assert.equal(connection.continue(), '')
  })

  it('none when unread content follows the head', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    connection.hold()
    connection.receive(Buffer.from('h'))
    assert.equal(connection.continue(), '')
  })

  it('none when only a chunk line has arrived', () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n'
    const connection = connectionWith(`${head}5\r\n`)
    requestOf(connection.next())
    assert.equal(connection.continue(), '')
    assert.equal(connection.next(), NEED_MORE)
    assert.equal(connection.continue(), '')
  })

  it('none after the head of the final response', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    connection.respond(OK, 0, '', true)
    assert.equal(connection.continue(), '')
  })

  it('each request gets its own', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    connection.continue()
    connection.receive(Buffer.from(`hello${EXPECTING}`))
    while (connection.next() !== END_OF_CONTENT);
    answer(connection)
    requestOf(connection.next())
    assert.equal(connection.continue(), CONTINUE)
  })

  it('a final response without it ends the connection, since content may or may not follow', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    assert.include(connection.respond(OK, 0, '', true), 'Connection: close\r\n')
    connection.finish()
    connection.receive(Buffer.from(GET))
    assert.equal(connection.next(), CLOSED)
  })

  it('a connection can persist after it and a final response', () => {
    const connection = connectionWith(EXPECTING)
    requestOf(connection.next())
    connection.continue()
    assert.include(connection.respond(OK, 0, '', true), 'Connection: keep-alive\r\n')
  })
})

describe('Connection: unwanted content', () => {
  it('is dropped up to 64 KiB, and the next request is read', () => {
    const connection = connectionWith(post('x'.repeat(64 * 1024)) + GET)
    requestOf(connection.next())
    answer(connection)
    assert.equal(connection.next(), END_OF_CONTENT)
    requestOf(connection.next())
  })

  it('is dropped when it arrives after the response', () => {
    const connection = connectionWith('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')
    requestOf(connection.next())
    answer(connection)
    assert.equal(connection.next(), NEED_MORE)
    connection.receive(Buffer.from(`hello${GET}`))
    assert.equal(connection.next(), END_OF_CONTENT)
    requestOf(connection.next())
  })

  it('is dropped when a handler has read only a part of it', () => {
    const connection = connectionWith('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe')
    requestOf(connection.next())
    assertContent(connection.next(), 'he')
    answer(connection)
    connection.receive(Buffer.from(`llo${GET}`))
    assert.equal(connection.next(), END_OF_CONTENT)
    requestOf(connection.next())
  })

  it('ends the connection when more than 64 KiB are declared', () => {
    const connection = connectionWith(post('x'.repeat(64 * 1024 + 1)) + GET)
    requestOf(connection.next())
    assert.include(connection.respond(OK, 0, '', true), 'Connection: close\r\n')
    connection.finish()
    assert.equal(connection.next(), CLOSED)
  })

  it('ends the connection when more than 64 KiB of chunks have arrived', () => {
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    const connection = connectionWith(`${head}${chunk.repeat(17)}0\r\n\r\n${GET}`)
    requestOf(connection.next())
    answer(connection)
    assert.equal(connection.next(), CLOSED)
    assert.isTrue(connection.isClosed)
  })

  it('is counted separately for each request', () => {
    const connection = connectionWith((post('x'.repeat(40_000)) + GET).repeat(2))
    for (let i = 0; i < 2; i++) {
      requestOf(connection.next())
      answer(connection)
      assert.equal(connection.next(), END_OF_CONTENT)
      requestOf(connection.next())
      answer(connection)
    }
    assert.equal(connection.next(), NEED_MORE)
  })

  it('is still checked: broken chunks end the connection, and no second response is owed', () => {
    const connection = connectionWith(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n${GET}`)
    requestOf(connection.next())
    answer(connection)
    assertRefused(connection.next(), 400, 'chunk-size')
    assert.isFalse(connection.owesResponse)
    assert.equal(connection.next(), CLOSED)
  })
})

describe('Connection: order', () => {
  it('the next request waits until the current response is finished', () => {
    const connection = connectionWith(GET + GET)
    requestOf(connection.next())
    assert.equal(connection.next(), PAUSED)
    connection.respond(OK, 0, '', true)
    assert.equal(connection.next(), PAUSED)
    connection.finish()
    requestOf(connection.next())
  })

  it('the same holds after a request with content', () => {
    const connection = connectionWith(post('hello') + GET)
    requestOf(connection.next())
    assertContent(connection.next(), 'hello')
    assert.equal(connection.next(), END_OF_CONTENT)
    assert.equal(connection.next(), PAUSED)
    answer(connection)
    requestOf(connection.next())
  })

  it('trailers are known at the end of content, and cleared by the next request', () => {
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    const connection = connectionWith(`${chunked}0\r\nX: y\r\n\r\n${GET}`)
    requestOf(connection.next())
    assert.equal(connection.trailers.size, 0)
    assert.equal(connection.next(), END_OF_CONTENT)
    assert.equal(connection.trailers.get('x'), 'y')
    answer(connection)
    requestOf(connection.next())
    assert.equal(connection.trailers.size, 0)
  })

  it('octets are counted as framed, separately for each request', () => {
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n'
    const connection = connectionWith(`\r\n${chunked}${GET}`)
    while (connection.next() !== END_OF_CONTENT);
    assert.equal(connection.bytesIn, 2 + chunked.length)
    answer(connection)
    requestOf(connection.next())
    assert.equal(connection.bytesIn, GET.length)
  })
})

describe('Connection: the state of waiting', () => {
  it('is correct at every step', () => {
    const connection = new Connection(RULES)
    const states: string[] = []
    const note = (): void => {
      const flags = ['isIdle', 'awaitsHead', 'awaitsContent', 'owesResponse', 'isClosed', 'hasUnread'] as const
      states.push(flags.filter((flag) => connection[flag]).join(' '))
    }
    note()
    connection.receive(Buffer.from('POST / HTTP/1.1\r\nHost: a\r\n'))
    connection.next()
    note()
    connection.receive(Buffer.from('Content-Length: 5\r\nConnection: close\r\n\r\nhe'))
    connection.next()
    note()
    connection.next()
    note()
    connection.receive(Buffer.from('llo'))
    connection.next()
    connection.next()
    note()
    connection.respond(OK, 0, '', true)
    note()
    connection.finish()
    note()
    assert.deepEqual(states, [
      'isIdle',
      'awaitsHead hasUnread',
      'awaitsContent owesResponse hasUnread',
      'awaitsContent owesResponse',
      'owesResponse',
      '',
      'isClosed',
    ])
  })

  it('is idle again after a response', () => {
    const connection = connectionWith(GET)
    connection.next()
    answer(connection)
    assert.isTrue(connection.isIdle)
  })
})

describe('Connection: the peer ends its side', () => {
  const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const inside: [rule: string, octets: string][] = [
    ['the method', 'G'],
    ['the request line', 'GET / HT'],
    ['the fields', 'GET / HTTP/1.1\r\nHo'],
    ['the last line end of the head', 'GET / HTTP/1.1\r\nHost: a\r\n\r'],
    ['the content', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell'],
    ['the content before any of it', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'],
    ['a chunk line', `${CHUNKED}5`],
    ['a chunk', `${CHUNKED}5\r\nhe`],
    ['the end of a chunk', `${CHUNKED}5\r\nhello\r`],
    ['the trailers', `${CHUNKED}0\r\nX: y`],
    ['the line end behind the trailers', `${CHUNKED}0\r\nX: y\r\n\r`],
  ]
  for (const [rule, octets] of inside) {
    it(`inside ${rule}: 400, and no more requests`, () => {
      const connection = connectionWith(octets)
      connection.end()
      let event = connection.next()
      while (!(event instanceof ProtocolError)) {
        assert.notInclude([NEED_MORE, CLOSED, PAUSED], event as symbol)
        event = connection.next()
      }
      assertRefused(event, 400, 'incomplete')
      assert.isTrue(connection.owesResponse)
      assert.equal(connection.next(), CLOSED)
    })
  }

  const before: [rule: string, octets: string][] = [
    ['any octet', ''],
    ['a request, after an empty line', '\r\n'],
    ['a request, inside an empty line', '\r\n\r'],
  ]
  for (const [rule, octets] of before) {
    it(`before ${rule}: closed in silence`, () => {
      const connection = connectionWith(octets)
      connection.end()
      assert.equal(connection.next(), CLOSED)
      assert.isTrue(connection.isClosed)
      assert.isFalse(connection.owesResponse)
    })
  }

  it('after complete requests: all of them are answered', () => {
    const connection = connectionWith(GET + post('hello') + GET)
    connection.end()
    requestOf(connection.next())
    answer(connection)
    requestOf(connection.next())
    while (connection.next() !== END_OF_CONTENT);
    answer(connection)
    requestOf(connection.next())
    answer(connection)
    assert.equal(connection.next(), CLOSED)
  })

  it('while content is dropped after its response: closed without a second response', () => {
    const connection = connectionWith('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe')
    requestOf(connection.next())
    answer(connection)
    connection.end()
    assertRefused(connection.next(), 400, 'incomplete')
    assert.isFalse(connection.owesResponse)
  })
})

describe('Connection: refusal', () => {
  const BAD = 'GET / HTTP/1.1\n'

  it('is final: no event follows, whatever is received', () => {
    const connection = connectionWith(BAD)
    assertRefused(connection.next(), 400, 'bare-lf')
    connection.receive(Buffer.from(GET))
    assert.equal(connection.next(), CLOSED)
    assert.isFalse(connection.hasUnread)
    connection.end()
    assert.equal(connection.next(), CLOSED)
  })

  it('is answered once, with close', () => {
    const connection = connectionWith(BAD)
    connection.next()
    assert.isTrue(connection.owesResponse)
    assert.include(connection.respond({ status: 400, fields: { wire: '' } }, 0, '', true), 'Connection: close\r\n')
    assert.isFalse(connection.owesResponse)
    connection.finish()
    assert.equal(connection.next(), CLOSED)
  })

  it('inside content is answered in place of the request', () => {
    const connection = connectionWith('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n')
    requestOf(connection.next())
    assertRefused(connection.next(), 400, 'chunk-size')
    assert.isTrue(connection.owesResponse)
  })

  it('inside content lets the current response finish, and then ends the connection', () => {
    const connection = connectionWith('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n')
    requestOf(connection.next())
    connection.respond(OK, 5, '', true)
    assertRefused(connection.next(), 400, 'chunk-size')
    assert.isFalse(connection.owesResponse)
    connection.piece(5)
    connection.finish()
    assert.equal(connection.next(), CLOSED)
  })

  it("can be the server's decision, such as for a head that takes too long", () => {
    const connection = connectionWith('GET / HT')
    connection.next()
    connection.refuse(new ProtocolError(408, 'timeout', 'Cannot wait for a head any longer'))
    assert.isTrue(connection.owesResponse)
    connection.receive(Buffer.from('TP/1.1\r\nHost: a\r\n\r\n'))
    assert.equal(connection.next(), CLOSED)
  })

  it('after a HEAD has content', () => {
    const connection = connectionWith(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${BAD}`)
    requestOf(connection.next())
    answer(connection)
    assertRefused(connection.next(), 400, 'bare-lf')
    assert.include(connection.respond({ status: 400, fields: { wire: '' } }, 5, '', true), 'Content-Length: 5\r\n')
    assert.equal(connection.framing, 'length')
  })

  it('after a HEAD has content when its own head was complete', () => {
    const connection = connectionWith('HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n')
    requestOf(connection.next())
    answer(connection)
    assertRefused(connection.next(), 400, 'host')
    connection.respond({ status: 400, fields: { wire: '' } }, 5, '', true)
    assert.equal(connection.framing, 'length')
  })

  it('after a 1.0 request does not use the version of that request', () => {
    const connection = connectionWith(`GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${BAD}`)
    requestOf(connection.next())
    answer(connection)
    assertRefused(connection.next(), 400, 'bare-lf')
    connection.respond({ status: 400, fields: { wire: '' } }, 5, '', true)
    assert.equal(connection.framing, 'length')
  })

  it('of a HEAD whose head was complete has no content (RFC 9110 §9.3.2)', () => {
    const connection = connectionWith('HEAD / HTTP/1.1\r\n\r\n')
    assertRefused(connection.next(), 400, 'host')
    connection.respond({ status: 400, fields: { wire: '' } }, 5, '', true)
    assert.equal(connection.framing, 'none')
  })

  it('does not count octets of the request before it', () => {
    const connection = connectionWith(GET + BAD)
    requestOf(connection.next())
    answer(connection)
    assertRefused(connection.next(), 400, 'bare-lf')
    assert.isBelow(connection.bytesIn, GET.length)
  })

  it('is only for errors of the peer: our own errors are thrown', () => {
    const ours = new Error('Cannot look up a method')
    const methods = {
      has: () => {
        throw ours
      },
    } as unknown as ReadonlySet<string>
    assert.throws(() => connectionWith(GET, { methods }).next(), ours.message)
  })

  it('is not needed to stop: after close() the current response can be finished', () => {
    const connection = connectionWith(GET + GET)
    requestOf(connection.next())
    connection.respond(OK, 5, '', true)
    connection.close()
    connection.piece(5)
    connection.finish()
    assert.equal(connection.next(), CLOSED)
  })
})

describe('Connection: over TLS (RFC 9110 §7.4)', () => {
  it('an https target is accepted', () => {
    const request = requestOf(connectionWith('GET https://a/b HTTP/1.1\r\nHost: a\r\n\r\n', { secure: true }).next())
    assert.equal(request.path, '/b')
  })

  it('an http target is misdirected', () => {
    assertRefused(
      connectionWith('GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n', { secure: true }).next(),
      421,
      'misdirected',
    )
  })

  it('a handshake inside TLS is an invalid method, and not reported as a wrong port', () => {
    assertRefused(connectionWith('\x16\x03\x01', { secure: true }).next(), 400, 'method')
  })
})

describe('Connection: methods', () => {
  it('a method that a route uses is known', () => {
    const methods = new Set(['BREW'])
    assert.equal(requestOf(connectionWith('BREW / HTTP/1.1\r\nHost: a\r\n\r\n', { methods }).next()).method, 'BREW')
  })
})

describe('Connection: limit of the whole request', () => {
  const limits = { ...RULES.limits, contentOctets: 1000, requestOctets: 200 }
  const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

  it('a declared length above it is refused', () => {
    assertRefused(connectionWith(post('x'.repeat(160)), { limits }).next(), 413, 'content-too-large')
  })

  it('a request within it is accepted', () => {
    requestOf(connectionWith(post('x'.repeat(130)), { limits }).next())
  })

  it('chunks and their framing count together', () => {
    const connection = connectionWith(`${chunked}${'8;abcdefgh\r\n01234567\r\n'.repeat(10)}`, { limits })
    requestOf(connection.next())
    let event = connection.next()
    while (event instanceof Buffer) event = connection.next()
    assertRefused(event, 413, 'content-too-large')
  })
})
