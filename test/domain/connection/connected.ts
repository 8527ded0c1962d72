import { assert } from 'chai'
import { Connection } from '../../../src/domain/connection/connection.js'
import type { ConnectionEvent } from '../../../src/domain/connection/connection-event.js'
import type { ConnectionRules } from '../../../src/domain/connection/connection-rules.js'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import type { RequestHead } from '../../../src/domain/message/request-head.js'
import { RULES } from '../../wire/dialogue.js'

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
export const OK = { status: 200, fields: { wire: '' } }

/** A connection that has received the octets of a latin1 text. */
export function connectionWith(octets: string, rules: Partial<ConnectionRules> = {}): Connection {
  const connection = new Connection({ ...RULES, ...rules })
  connection.receive(Buffer.from(octets, 'latin1'))
  return connection
}

/** A POST request with content, and further field lines that each end with CRLF. */
export function post(content: string, fields = ''): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n${fields}\r\n${content}`
}

/** The request that an event must be. */
export function requestOf(event: ConnectionEvent): RequestHead {
  assert.property(event, 'method', 'wanted a request')
  return event as RequestHead
}

/** Asserts that an event is this piece of content. */
export function assertContent(event: ConnectionEvent, content: string): void {
  assert.instanceOf(event, Buffer)
  assert.equal(event.toString('latin1'), content)
}

/** Asserts that an event is this refusal. */
export function assertRefused(event: ConnectionEvent, status: number, rule: string): void {
  assert.instanceOf(event, ProtocolError)
  assert.deepInclude(event, { status, rule })
}

/** Answers the current request without content. */
export function answer(connection: Connection): void {
  connection.respond(OK, 0, '', true)
  connection.finish()
}
