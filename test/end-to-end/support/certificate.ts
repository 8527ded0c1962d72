import { spawnSync } from 'node:child_process'
import { TemporaryFolder } from './folder.js'

/** The paths of a certificate and its key. */
export interface CertificatePaths {
  readonly certFile: string
  readonly keyFile: string
}

let usual: CertificatePaths | null = null

/** A self-signed certificate for localhost, the same for all tests of a process. */
export function usualCertificate(): CertificatePaths {
  return (usual ??= make())
}

function make(): CertificatePaths {
  const folder = new TemporaryFolder()
  process.once('exit', () => folder.remove())
  const [certFile, keyFile] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`]
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
  const parameters = [
    'req',
    '-x509',
    ...key,
    '-out',
    certFile,
    '-days',
    '30',
    '-subj',
    '/CN=localhost',
    '-addext',
    names,
  ]
  const { status, stderr } = spawnSync('openssl', parameters, { encoding: 'utf8' })
  if (status !== 0)
    throw new Error(
      `Cannot make a certificate with openssl; if it is missing, install it with: apt-get install openssl. It printed: ${stderr}`,
    )
  return { certFile, keyFile }
}
