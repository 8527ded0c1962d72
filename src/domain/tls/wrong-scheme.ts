/**
 * The peer speaks http on an https port, or https on an http port. Neither side understands the other, and the peer
 * would not learn why: therefore the response says what the port speaks.
 */
import { ProtocolError } from '../message/protocol-error.js'

/** The first octet of a TLS connection: the type of a handshake record (RFC 8446 §5.1). It cannot begin a method. */
export const TLS_HANDSHAKE = 0x16

/** The error for a TLS handshake in place of a request line. */
export function tlsOnPlain(): ProtocolError {
  return new ProtocolError(
    400,
    'tls-on-plain',
    'Cannot read a request line: found a TLS handshake on a plain connection',
    'This port speaks plain HTTP: use http:// here.',
  )
}

/**
 * The error for a plain request in place of a TLS handshake; the response is sent in plain HTTP. The status is 400, as
 * for anything that is not TLS: a redirect would require reading the request.
 */
export function plainOnTls(): ProtocolError {
  return new ProtocolError(
    400,
    'plain-on-tls',
    'Cannot begin a TLS handshake: found octets that are not a handshake',
    'This port speaks HTTPS: use https:// here.',
  )
}
