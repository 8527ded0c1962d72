import { ProtocolError } from '../message/protocol-error.js'

/**
 * The refusal of a client certificate. It is a response and not a TLS alert, so that the peer can see the reason.
 *
 * @param problem the verification error, such as `CERT_HAS_EXPIRED`
 */
export function clientRefused(problem: string): ProtocolError {
  return new ProtocolError(
    400,
    'client-certificate',
    `Cannot accept the client certificate: found ${problem}`,
    'The client certificate is not accepted here.',
  )
}
