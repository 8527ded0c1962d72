import { get as getPlainly } from 'node:http'
import { get as getSecurely } from 'node:https'

/**
 * Sends one request to a server, over a persistent connection as the load does. Accepts every certificate.
 *
 * @returns a promise of the response: its status, its fields in order, its content as text and, for HTTPS, the protocol
 *   and cipher suite
 */
export function probe(url) {
  const get = url.startsWith('https:') ? getSecurely : getPlainly
  const options = { agent: false, headers: { connection: 'keep-alive' }, rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    const request = get(`${url}/`, options, (response) => {
      const { statusCode: status, rawHeaders, socket } = response
      const tls = socket.encrypted ? { protocol: socket.getProtocol(), suite: socket.getCipher().name } : null
      let content = ''
      response.setEncoding('utf8')
      response.on('data', (text) => (content += text))
      response.on('end', () => {
        resolve({ status, fields: pairs(rawHeaders), content, tls })
        request.destroy()
      })
    })
    request.on('error', reject)
  })
}

function pairs(raw) {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]])
}

/**
 * Tells whether two responses cost the same to send: they have the same fields with values of the same length, the same
 * content, and the same TLS protocol and cipher suite.
 */
export function alike(a, b) {
  return shape(a) === shape(b)
}

function shape({ status, fields, content, tls }) {
  const lengths = fields.map(([name, value]) => `${name.toLowerCase()}:${value.length}`)
  return JSON.stringify([status, lengths.sort(), content, tls])
}
