import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { TlsSettings } from '../../ports/operations/settings.js'
import type { ClientCertificate, Security } from '../../ports/serving/transport.js'

/** What Node knows of a peer's certificate, in a call that servers have no other way to. */
interface Verdict {
  readonly ssl: { verifyError(): (Error & { readonly code: string }) | null | undefined }
}

/** How a connection is secured whose handshake is complete. */
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
  return (socket as unknown as Verdict).ssl.verifyError()?.code ?? null
}

function clientOf({ subject, issuer, serialNumber, fingerprint256 }: X509Certificate): ClientCertificate {
  return {
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    serialNumber,
    fingerprint: fingerprint256,
  }
}

/** Node has a line for each part, the most general first, escaped as RFC 4514 §2.4 has it. */
function distinguishedName(lines: string): string {
  return lines.split('\n').reverse().join(',')
}
