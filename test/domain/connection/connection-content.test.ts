import { assert } from 'chai'
import { describe, it } from 'mocha'
import { CLOSED, END_OF_CONTENT, NEED_MORE } from '../../../src/domain/connection/connection-event.js'
import type { ConnectionRules } from '../../../src/domain/connection/connection-rules.js'
import { CONTINUE } from '../../../src/domain/framing/head-writer.js'
import { GET, OK, answer, assertContent, assertRefused, connectionWith, post, requestOf } from './connected.js'

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

  it('a final response without it ends the connection, because content can follow or not', () => {
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
