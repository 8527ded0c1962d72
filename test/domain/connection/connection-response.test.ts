import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Connection } from '../../../src/domain/connection/connection.js'
import { CLOSED } from '../../../src/domain/connection/connection-event.js'
import { LAST_CHUNK } from '../../../src/domain/framing/head-writer.js'
import { ContentError } from '../../../src/domain/message/content-error.js'
import { GET, OK, connectionWith, requestOf } from './connected.js'

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
