import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Connection } from '../../../src/domain/connection/connection.js'
import { END_OF_CONTENT, PAUSED } from '../../../src/domain/connection/connection-event.js'
import { RULES } from '../../wire/dialogue.js'
import { GET, OK, answer, assertContent, assertRefused, connectionWith, post, requestOf } from './connected.js'

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
