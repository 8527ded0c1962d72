/**
 * Bun, whose server is uWebSockets. Serves `/`, `POST /echo`, and the files of FOLDER below `/files/`; HTTPS with the
 * certificate in CERT_FILE and KEY_FILE.
 */
/* global Bun, Response */
import { join } from 'node:path'
import { content, headers, listening } from './reply.mjs'

const { CERT_FILE: cert, KEY_FILE: key, FOLDER: folder } = process.env
const tls = cert === undefined ? undefined : { cert: Bun.file(cert), key: Bun.file(key) }

async function answer(request) {
  const { pathname } = new URL(request.url)
  if (pathname === '/') return new Response(content, { headers: headers() })
  if (pathname === '/echo') return new Response(await request.arrayBuffer(), { headers: headers() })
  if (pathname.startsWith('/files/')) return new Response(Bun.file(join(folder, pathname.slice('/files/'.length))))
  return new Response(null, { status: 404 })
}

const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 255, tls, fetch: answer })
listening(server.port, tls === undefined ? 'http' : 'https')
