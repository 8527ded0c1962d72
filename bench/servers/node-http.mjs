/**
 * node:http, or node:https with the certificate in CERT_FILE and KEY_FILE and the cipher suites in SUITES. Serves the
 * response in REPLY at `/`, the request content at `POST /echo`, the file FILE as a stream at `/file`, and the files of
 * FOLDER below `/files/` with the package `send`.
 */
import { Buffer } from 'node:buffer'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { content, headers, listening } from './reply.mjs'

const { CERT_FILE: certFile, KEY_FILE: keyFile, SUITES: ciphers, FILE: file, FOLDER: folder } = process.env
const isSecure = certFile !== undefined
const send = folder === undefined ? null : (await import('send')).default

const server = isSecure
  ? https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile), ciphers }, answer)
  : http.createServer(answer)

function answer(request, response) {
  const { url } = request
  if (url === '/') sendReply(response)
  else if (url === '/echo') void echo(request, response)
  else if (url === '/file') sendFile(response)
  else send(request, url.slice('/files'.length), { root: folder }).pipe(response)
}

function sendReply(response) {
  response.writeHead(200, { ...headers(), 'Content-Length': content.length })
  response.end(content)
}

async function echo(request, response) {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  const octets = Buffer.concat(pieces)
  response.writeHead(200, { ...headers(), 'Content-Type': 'application/octet-stream', 'Content-Length': octets.length })
  response.end(octets)
}

function sendFile(response) {
  response.writeHead(200, { 'Content-Length': statSync(file).size })
  createReadStream(file).pipe(response)
}

// Longer than idle connections are measured.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => listening(server.address().port, isSecure ? 'https' : 'http'))
