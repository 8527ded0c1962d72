/**
 * `npm run start:tls`: installs and bundles if necessary, makes a certificate and its key in `certs/` if there are none, and
 * serves HTTPS with them. Flags of the user come after those of this script, and override them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { MAIN, serve } from './serve.mjs'
import { ROOT, setUpProgram } from './set-up.mjs'

/** Relative to the current folder, because the user sees it in commands to copy. */
const FOLDER = relative(process.cwd(), join(ROOT, 'certs'))
const [CERT, KEY] = [join(FOLDER, 'cert.pem'), join(FOLDER, 'key.pem')]

if (setUpProgram() && haveCertificate())
  serve(['--enable-tls', '--cert-file', CERT, '--key-file', KEY, ...process.argv.slice(2)])
else process.exitCode = 1

/** Makes the certificate if both files are missing. If only one exists, `portico cert` refuses to overwrite it and names it. */
function haveCertificate() {
  if (existsSync(CERT) && existsSync(KEY)) return true
  // Standard output belongs to the server, so both streams go to standard error.
  return spawnSync(process.execPath, [MAIN, 'cert', '--dir', FOLDER], { stdio: ['ignore', 2, 2] }).status === 0
}
