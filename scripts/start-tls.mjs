/**
 * `npm run start:tls`: sets up what is missing, makes a certificate and its key in `certs/` where there are none, then
 * serves HTTPS with them. Flags given come after ours, and so have the last word.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { MAIN, serve } from './serve.mjs'
import { ROOT, setUp } from './set-up.mjs'

/** As seen from here, since it is shown in commands to copy. */
const FOLDER = relative(process.cwd(), join(ROOT, 'certs'))
const [CERT, KEY] = [join(FOLDER, 'cert.pem'), join(FOLDER, 'key.pem')]

if (setUp() && haveCertificate())
  serve(['--enable-tls', '--cert-file', CERT, '--key-file', KEY, ...process.argv.slice(2)])
else process.exitCode = 1

/** With one of the two files alone, making the pair fails, and says which is in the way. */
function haveCertificate() {
  if (existsSync(CERT) && existsSync(KEY)) return true
  // What it says goes to stderr; stdout belongs to the server.
  return spawnSync(process.execPath, [MAIN, 'cert', '--dir', FOLDER], { stdio: ['ignore', 2, 2] }).status === 0
}
