/** The response of all servers, from REPLY: JSON of `{ fields: [name, value][], content }`. */
const { fields, content: text } = JSON.parse(process.env.REPLY)

export const content = text

/** Fields that each server sends itself: `Date` and the fields of the connection. */
const OWN = /^(date|connection|keep-alive|content-length|transfer-encoding)$/i
const others = fields.filter(([name]) => !OWN.test(name))
const ID = 'x-request-id'
const idLength = others.find(([name]) => name.toLowerCase() === ID)?.[1].length ?? 0
let count = 0

/** Makes the fields of one response, with a new `X-Request-Id`. */
export function headers() {
  const made = {}
  for (const [name, value] of others) made[name] = name.toLowerCase() === ID ? freshId() : value
  return made
}

function freshId() {
  return String(++count).padStart(idLength, '0')
}

/** Prints the address, for which the benchmark waits. */
export function listening(port, scheme = 'http') {
  process.stderr.write(`Listening on ${scheme}://127.0.0.1:${port}\n`)
}

process.on('SIGTERM', () => process.exit())
