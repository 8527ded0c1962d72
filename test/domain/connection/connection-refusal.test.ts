import { assert } from 'chai'
import { describe, it } from 'mocha'
import { CLOSED, END_OF_CONTENT, NEED_MORE, PAUSED } from '../../../src/domain/connection/connection-event.js'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import { GET, OK, answer, assertRefused, connectionWith, post, requestOf } from './connected.js'

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
    connection.stopReading(new ProtocolError(408, 'timeout', 'Cannot wait for a head any longer'))
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
