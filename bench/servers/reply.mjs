/** What the peers answer with: the response in REPLY, field for field, as JSON of `{ fields: [name, value][], content }`. */
const { fields, content: text } = JSON.parse(process.env.REPLY)

export const content = text

/** `Date` and what belongs to the connection are each server's own. */
const OWN = /^(date|connection|keep-alive|content-length|transfer-encoding)$/i
const others = fields.filter(([name]) => !OWN.test(name))
const ID = 'x-request-id'
const idLength = others.find(([name]) => name.toLowerCase() === ID)?.[1].length ?? 0
let count = 0

/** The fields of one response, in an object of its own: `X-Request-Id` is a fresh one each time. */
export function headers() {
  const made = {}
  for (const [name, value] of others) made[name] = name.toLowerCase() === ID ? freshId() : value
  return made
}

function freshId() {
  return String(++count).padStart(idLength, '0')
}

/** Says where it listens, which is what the bench waits for. */
export function listening(port, scheme = 'http') {
  process.stderr.write(`Listening on ${scheme}://127.0.0.1:${port}\n`)
}

process.on('SIGTERM', () => process.exit())
