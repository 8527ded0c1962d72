import { ProtocolError } from '../message/protocol-error.js'

/**
 * A client certificate that is not accepted. TLS could refuse it too, but then the peer would see no more than a cut.
 *
 * @param problem such as `CERT_HAS_EXPIRED`
 */
export function clientRefused(problem: string): ProtocolError {
  return new ProtocolError(
    400,
    'client-certificate',
    `Cannot accept the client certificate: found ${problem}`,
    'The client certificate is not accepted here.',
  )
}
