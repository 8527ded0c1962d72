/**
 * What Portico is compared with: node:http that answers every request with the response in REPLY, field for field:
 * JSON of `{ fields: [name, value][], content }`. `Date` is node:http's own, `X-Request-Id` is a fresh one each time.
 */
import { createServer } from 'node:http'

const { fields, content } = JSON.parse(process.env.REPLY)
const headers = Object.fromEntries(fields.filter(([name]) => name.toLowerCase() !== 'date'))
const idName = Object.keys(headers).find((name) => name.toLowerCase() === 'x-request-id')
const sendsConnection = Object.keys(headers).some((name) => name.toLowerCase() === 'connection')
const idLength = idName === undefined ? 0 : headers[idName].length
let count = 0

const server = createServer((_request, response) => {
  if (idName !== undefined) headers[idName] = String(++count).padStart(idLength, '0')
  // Otherwise node:http would send more fields than the response has.
  if (!sendsConnection) response.removeHeader('Connection')
  response.writeHead(200, headers)
  response.end(content)
})

// Idle connections stay while they are measured.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`node:http listening on http://127.0.0.1:${server.address().port}\n`)
})
process.on('SIGTERM', () => process.exit())
