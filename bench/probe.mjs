import { get } from 'node:http'

/**
 * Asks a server once, over a connection that would persist, as the load does.
 *
 * @returns a promise of the response: its fields in order, and its content as text
 */
export function probe(url) {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/`, { agent: false, headers: { connection: 'keep-alive' } }, (response) => {
      let content = ''
      response.setEncoding('utf8')
      response.on('data', (text) => (content += text))
      response.on('end', () => {
        resolve({ status: response.statusCode, fields: pairs(response.rawHeaders), content })
        request.destroy()
      })
    })
    request.on('error', reject)
  })
}

function pairs(raw) {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]])
}

/** Whether two responses cost the same to send: the same fields with values of the same length, the same content. */
export function alike(a, b) {
  return shape(a) === shape(b)
}

function shape({ status, fields, content }) {
  const lengths = fields.map(([name, value]) => `${name.toLowerCase()}:${value.length}`)
  return JSON.stringify([status, lengths.sort(), content])
}
