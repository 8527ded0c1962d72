/**
 * What Portico is compared with: node:http, or node:https with the certificate in CERT_FILE and KEY_FILE and the suites in SUITES, that answers every
 * request with the response in REPLY, field for field: JSON of `{ fields: [name, value][], content }`. `Date` is
 * node:http's own, `X-Request-Id` is a fresh one each time. Requests for `/file` get what FILE has.
 */
import { createReadStream, readFileSync, statSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'

const { CERT_FILE: certFile, KEY_FILE: keyFile, SUITES: ciphers, FILE: file, REPLY: reply } = process.env
const isSecure = certFile !== undefined
const { fields, content } = JSON.parse(reply)
const headers = Object.fromEntries(fields.filter(([name]) => name.toLowerCase() !== 'date'))
const idName = Object.keys(headers).find((name) => name.toLowerCase() === 'x-request-id')
const sendsConnection = Object.keys(headers).some((name) => name.toLowerCase() === 'connection')
const idLength = idName === undefined ? 0 : headers[idName].length
let count = 0

const server = isSecure
  ? https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile), ciphers }, answer)
  : http.createServer(answer)

function answer(request, response) {
  if (request.url === '/file') sendFile(response)
  else if (request.httpVersion === '1.0') sendLastReply(response)
  else sendReply(response)
}

function sendFile(response) {
  response.writeHead(200, { 'Content-Length': statSync(file).size })
  createReadStream(file).pipe(response)
}

function sendReply(response) {
  if (idName !== undefined) headers[idName] = String(++count).padStart(idLength, '0')
  // Otherwise node:http would send more fields than the response has.
  if (!sendsConnection) response.removeHeader('Connection')
  response.writeHead(200, headers)
  response.end(content)
}

/** To a client that waits for the end of the connection, which is for node:http to announce. */
function sendLastReply(response) {
  response.writeHead(
    200,
    Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(connection|keep-alive)$/i.test(name))),
  )
  response.end(content)
}

// Idle connections stay while they are measured.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`Listening on ${isSecure ? 'https' : 'http'}://127.0.0.1:${server.address().port}\n`)
})
process.on('SIGTERM', () => process.exit())
