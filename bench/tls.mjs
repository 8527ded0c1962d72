/**
 * `npm run bench:tls -- [--only PART,...] [--rounds N] [--seconds N] [--load wrk|autocannon] [--log-to FILE]
 * [--save-as NAME] [-- PORTICO FLAGS]`:
 *
 * Measures Portico's HTTPS against node:https, and nginx where it is installed, in one run and in turns, with the same
 * certificate, protocol and cipher suite: requests on persistent connections, full and resumed handshakes, a large
 * file. Prints medians and ranges, and keeps every round in bench/results/.
 */
import { sTime } from './load/s-time.mjs'
import { measureParts, onlyOption } from './parts.mjs'
import { asked, conditionsOf, say } from './session.mjs'
import { isAvailable } from './servers/nginx.mjs'
import { fullHandshakes, keepAlive, largeFile, resumptions } from './tls/parts.mjs'
import { comparable, Site } from './tls/servers.mjs'

const HANDSHAKES = [fullHandshakes, resumptions]
const PARTS = [keepAlive, ...(sTime.isAvailable() ? HANDSHAKES : []), largeFile]

const options = asked('tls', onlyOption(PARTS))
if (!isAvailable) say('nginx is not installed. To include it: apt-get install nginx-light')
if (!sTime.isAvailable()) say('openssl is not installed. To measure handshakes: apt-get install openssl')
const site = new Site()
try {
  const { startables, reply } = await comparable({ ...options, site })
  const response = reply.fields.map(([name, value]) => `${name}: ${value}`)
  await measureParts(PARTS, options, { startables }, { ...conditionsOf(options), tls: reply.tls, response })
} finally {
  site.remove()
}
