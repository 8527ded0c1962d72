/** `portico cert`: what it takes and what it says. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CertificateName, DevelopmentCertificate } from '../../ports/tools/development-certificate.js'
import { certificateName } from './certificate-names.js'
import { shellWord } from './shell-word.js'

export interface CertificateFlags {
  readonly dir: string
  /** Beside those of this machine; absent where there are none. */
  readonly host?: readonly CertificateName[]
}

const HELP = `
The certificate signs itself: it is for development, and clients take it only when told to, as with curl --cacert.
Files that are there already are left alone, and nothing is written then.
`

/** @throws {InvalidArgumentError} */
function readFolder(text: string): string {
  if (text === '') throw new InvalidArgumentError('Wanted a folder.')
  return text
}

/** @throws {InvalidArgumentError} */
function readName(text: string): CertificateName {
  const name = certificateName(text)
  if (name !== null) return name
  throw new InvalidArgumentError(
    text.startsWith('*')
      ? 'Wanted a wildcard such as *.app.test: a whole label, with two or more behind it.'
      : 'Wanted a name such as app.test or *.app.test, or an IP address; without a port or brackets.',
  )
}

export function addCertificateFlags(command: Command): Command {
  const folder = new Option('--dir <DIR>', 'folder for cert.pem and key.pem; made when missing')
  const host = new Option(
    '--host <NAME>',
    'name, wildcard or IP address that it is for, beside localhost, 127.0.0.1 and ::1; may be repeated',
  )
  return command
    .addOption(folder.default('certs', 'certs').argParser(readFolder))
    .addOption(host.argParser<CertificateFlags['host']>((text, before = []) => [...before, readName(text)]))
    .addHelpText('after', HELP)
}

/** What was made, and the commands that use it. */
export function certificateReport(
  { certFile, keyFile, expires }: DevelopmentCertificate,
  names: readonly CertificateName[],
): string {
  const [cert, key] = [shellWord(certFile), shellWord(keyFile)]
  return `Wrote ${certFile} and ${keyFile}
  for      ${names.map(({ text }) => text).join(', ')}
  expires  ${expires.toISOString().slice(0, 10)}
Serve with it, and ask:
  portico --enable-tls --cert-file ${cert} --key-file ${key}
  curl --cacert ${cert} https://localhost:8443/
`
}
