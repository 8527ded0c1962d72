/** `portico cert`: its flags and its report. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CertificateName, DevelopmentCertificate } from '../../ports/tools/development-certificate.js'
import { certificateName } from './certificate-names.js'
import { shellWord } from './shell-word.js'

/** The flags of `portico cert`. */
export interface CertificateFlags {
  readonly dir: string
  /** Names in addition to those of this machine; absent when there are none. */
  readonly host?: readonly CertificateName[]
}

const HELP = `
The certificate is self-signed and meant for development. Clients accept it only when they are told to trust it, for
example with curl --cacert. Existing files are never overwritten.
`

function readFolder(text: string): string {
  if (text === '') throw new InvalidArgumentError('Wanted a folder.')
  return text
}

function readName(text: string): CertificateName {
  const name = certificateName(text)
  if (name !== null) return name
  throw new InvalidArgumentError(
    text.startsWith('*')
      ? 'Wanted a wildcard such as *.app.test: the whole first label, followed by at least two others.'
      : 'Wanted a name such as app.test or *.app.test, or an IP address, without a port or brackets.',
  )
}

/** Gives the command `cert` its flags and help. */
export function addCertificateFlags(command: Command): Command {
  const folder = new Option('--dir <DIR>', 'folder for cert.pem and key.pem; made when missing')
  const host = new Option(
    '--host <NAME>',
    'host name, wildcard or IP address to add to localhost, 127.0.0.1 and ::1; may be repeated',
  )
  return command
    .addOption(folder.default('certs', 'certs').argParser(readFolder))
    .addOption(host.argParser<CertificateFlags['host']>((text, before = []) => [...before, readName(text)]))
    .addHelpText('after', HELP)
}

/** Names the files, and the commands that use them. */
export function certificateReport(
  { certFile, keyFile, expires }: DevelopmentCertificate,
  names: readonly CertificateName[],
): string {
  const [cert, key] = [shellWord(certFile), shellWord(keyFile)]
  return `Wrote ${certFile} and ${keyFile}
  for      ${names.map(({ text }) => text).join(', ')}
  expires  ${expires.toISOString().slice(0, 10)}
To serve HTTPS with it, and send a request:
  portico --enable-tls --cert-file ${cert} --key-file ${key}
  curl --cacert ${cert} https://localhost:8443/
`
}
