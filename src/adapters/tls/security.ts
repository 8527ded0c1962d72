import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { TlsSettings } from '../../ports/operations/settings.js'
import type { ClientCertificate, Security } from '../../ports/serving/transport.js'

/** Node's result of verifying the peer's certificate: servers have no documented access to it. */
interface Verification {
  readonly ssl: { verifyError(): (Error & { readonly code: string }) | null | undefined }
}

/**
 * Describes how a connection is secured.
 *
 * @param socket its handshake is complete
 * @param clientAuth whether client certificates are requested
 */
export function securityOf(socket: TLSSocket, clientAuth: TlsSettings['clientAuth']): Security {
  const certificate = clientAuth === 'none' ? undefined : socket.getPeerX509Certificate()
  const problem = certificate === undefined ? null : problemOf(socket)
  return {
    protocol: socket.getProtocol() ?? '',
    suite: socket.getCipher().standardName,
    serverName: nameOf((socket as { servername?: string | false | null }).servername),
    resumed: socket.isSessionReused(),
    client: certificate === undefined || problem !== null ? null : clientOf(certificate),
    clientProblem: problem,
  }
}

const nameOf = (name: string | false | null | undefined): string | null =>
  typeof name === 'string' && name !== '' ? name.toLowerCase() : null

function problemOf(socket: TLSSocket): string | null {
  return (socket as unknown as Verification).ssl.verifyError()?.code ?? null
}

function clientOf({ subject, issuer, serialNumber, fingerprint256 }: X509Certificate): ClientCertificate {
  return {
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    serialNumber,
    fingerprint: fingerprint256,
  }
}

/** Node gives one line per part, the most general first, escaped as RFC 4514 §2.4 demands. */
function distinguishedName(lines: string): string {
  return lines.split('\n').reverse().join(',')
}
