/**
 * The peer speaks http where https is served, or the other way round. Neither can read what the other says before it
 * gives up, and nobody learns why: so the refusal says which port this is.
 */
import { ProtocolError } from '../message/protocol-error.js'

/** What comes first of TLS: the content type of a record that carries a handshake (RFC 8446 §5.1). No method has it. */
export const TLS_HANDSHAKE = 0x16

/** A TLS handshake came where a request line was wanted. */
export function tlsOnPlain(): ProtocolError {
  return new ProtocolError(
    400,
    'tls-on-plain',
    'Cannot read a request line: found a TLS handshake on a plain connection',
    'This port speaks plain HTTP: use http:// here.',
  )
}

/**
 * A plain request came where a TLS handshake was wanted; the answer goes out in plain HTTP as well. 400, as for
 * everything that is no TLS: a redirect would need the request to be read.
 */
export function plainOnTls(): ProtocolError {
  return new ProtocolError(
    400,
    'plain-on-tls',
    'Cannot begin a TLS handshake: found other octets than those of a handshake',
    'This port speaks HTTPS: use https:// here.',
  )
}
