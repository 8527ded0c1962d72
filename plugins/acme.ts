import { definePlugin, file, text, type Handler, type Response } from 'portico/plugin'

/** What the configuration gives it: `tls.acmeDirectory`. */
interface AcmeSettings {
  /** An absolute path; `null`: no challenge is answered. */
  readonly directory: string | null
}

/** What a token is made of: base64url (RFC 8555 §8.1). */
const TOKEN = /^[\w-]{1,256}$/

/**
 * Answers the challenges by which a certificate authority sees that a name is ours (RFC 8555 §8.3): the files of a folder
 * that a client such as certbot writes.
 */
export default definePlugin({
  name: 'acme',
  routes: ({ settings }) => {
    const { directory } = settings as unknown as AcmeSettings
    if (directory === null) return {}
    return { 'GET /.well-known/acme-challenge/:token': { handler: challenges(directory), inline: true } }
  },
})

function challenges(root: string): Handler {
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/octet-stream' }
  return ({ params }) => (TOKEN.test(params['token']!) ? file(params['token']!, { root, headers }) : notFound())
}

function notFound(): Response {
  return text('Not found\n', { status: 404 })
}
