import { definePlugin, file, text, type Handler, type Response } from 'portico/plugin'

/** The plugin's settings: `tls.acmeDirectory`. */
interface AcmeSettings {
  /** An absolute path; with `null` the plugin has no routes. */
  readonly directory: string | null
}

/** A token has the base64url alphabet (RFC 8555 §8.1). */
const TOKEN = /^[\w-]{1,256}$/

/**
 * Answers the challenges with which a certificate authority verifies that we control a name (RFC 8555 §8.3). It serves the
 * files that a client such as certbot writes into a folder.
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
