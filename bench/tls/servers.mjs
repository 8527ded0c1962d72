/** The compared HTTPS servers. All serve the small response of Portico's page at `/`, and a large file. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAIN } from '../../scripts/serve.mjs'
import { APART } from '../pinned.mjs'
import { alike } from '../probe.mjs'
import { nodeProgram, porticoWith, replyOf } from '../server.mjs'
import { isAvailable, nginx } from '../servers/nginx.mjs'

export const PORTICO = 'portico'
export const NODE_HTTPS = 'node:https'

/** The size of the file. */
export const FILE_BYTES = 16 * 1024 * 1024

/** The path of the file, where it is not `/file`. */
const FILE_PATHS = { [PORTICO]: '/static/file' }
export const filePathOf = ({ name }) => FILE_PATHS[name] ?? '/file'

/** A temporary folder with a certificate and a file. */
export class Site {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'portico-bench-'))
    this.file = join(this.folder, 'file')
    writeFileSync(this.file, randomBytes(FILE_BYTES))
    const made = spawnSync(process.execPath, [MAIN, 'cert', '--dir', this.folder], {
      encoding: 'utf8',
    })
    if (made.status !== 0) throw new Error(`Cannot make a certificate: ${made.stderr}`)
    this.credentials = { certFile: join(this.folder, 'cert.pem'), keyFile: join(this.folder, 'key.pem') }
  }

  remove() {
    rmSync(this.folder, { recursive: true })
  }
}

/** Finds the installed servers. @returns a promise of `{ startables, reply }`; all of them send this response */
export async function comparable({ site, logTo, flags }) {
  const own = portico(site, flags)
  const reply = await replyOf(own, logTo)
  const node = nodeHttps(site, reply)
  demand(node, alike(await replyOf(node, logTo), reply))
  if (!isAvailable) return { startables: [node, own], reply }
  const { folder: work, credentials, file } = site
  const other = await nginx({ placement: APART, work, credentials, file, reply })
  const { content, tls } = await replyOf(other, logTo)
  // nginx sends other fields, of about the same length.
  demand(other, content === reply.content && tls.suite === reply.tls.suite)
  return { startables: [node, own, other], reply }
}

function demand({ name }, isAlike) {
  if (!isAlike) throw new Error(`Cannot compare ${name}: found another response or suite, wanted that of Portico`)
}

function portico({ folder, credentials: { certFile, keyFile } }, flags) {
  const files = ['--cert-file', certFile, '--key-file', keyFile]
  return porticoWith({
    name: PORTICO,
    placement: APART,
    settings: ['log.access=false', 'tls.only=true', `static.root=${folder}`],
    flags: ['--enable-tls', '--https-port', '0', ...files, ...flags],
  })
}

function nodeHttps({ file, credentials: { certFile, keyFile } }, reply) {
  return nodeProgram({
    name: NODE_HTTPS,
    placement: APART,
    args: ['bench/servers/node-http.mjs'],
    env: {
      REPLY: JSON.stringify(reply),
      CERT_FILE: certFile,
      KEY_FILE: keyFile,
      SUITES: reply.tls.suite,
      FILE: file,
    },
  })
}
