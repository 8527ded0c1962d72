import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Connection } from '../../../src/domain/connection/connection.js'
import { PersistenceLines } from '../../../src/domain/connection/persistence-lines.js'
import { HeadReaders } from '../../../src/domain/framing/head-readers.js'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import { RULES } from '../../wire/dialogue.js'

/** Connections that share a pool of readers, each with the octets of its peer and the resulting events. */
class Peer {
  readonly found: string[] = []
  private sent = 0

  constructor(
    private readonly connection: Connection,
    private readonly text: string,
  ) {}

  get isDone(): boolean {
    return this.sent === this.text.length
  }

  send(octets: number): void {
    const piece = this.text.slice(this.sent, this.sent + octets)
    this.sent += piece.length
    this.connection.receive(Buffer.from(piece, 'latin1'))
    for (let event = this.connection.next(); typeof event !== 'symbol'; event = this.connection.next()) {
      if (event instanceof ProtocolError) this.found.push(event.rule)
      else if (!(event instanceof Uint8Array)) this.found.push(event.target)
    }
    this.connection.hold()
  }
}

describe('HeadReaders', () => {
  it('lends returned readers, but never one that is still inside a head', () => {
    const readers = new HeadReaders(RULES)
    const [one, other] = [readers.take(), readers.take()]
    assert.notEqual(one, other)
    readers.give(one)
    assert.equal(readers.take(), one)
  })

  it('keeps heads of several connections apart when they arrive in pieces, including broken ones', () => {
    const good = (path: string): string => `GET /${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    const text = fc.constantFrom(...['one', 'two', 'three'].map(good), 'GET /bad HTTP/1.1\r\nHost : a\r\n\r\n')
    const steps = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 20 })), { minLength: 40, maxLength: 80 })
    fc.assert(
      fc.property(fc.array(text, { minLength: 6, maxLength: 6 }), steps, (texts, order) => {
        const [readers, persistence] = [new HeadReaders(RULES), new PersistenceLines(RULES)]
        const peers = texts.map((each) => new Peer(new Connection(RULES, persistence, readers), each))
        for (const [at, octets] of order) peers[at]!.send(octets)
        for (const peer of peers) while (!peer.isDone) peer.send(1)
        const wanted = texts.map((each) => [each.includes('bad') ? 'field-name' : each.split(' ')[1]!])
        assert.deepEqual(
          peers.map(({ found }) => found),
          wanted,
        )
      }),
    )
  })
})
