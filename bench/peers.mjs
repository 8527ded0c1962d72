/**
 * `npm run bench:peers -- [--only PART,...] [--rounds N] [--seconds N] [--load wrk|autocannon] [--log-to FILE]
 * [--save-as NAME] [-- PORTICO FLAGS]`:
 *
 * Measures Portico, on each of its sockets and engines, against servers from npm and Debian, in one run and in turns:
 * several kinds of requests, files, many connections, idle connections. Prints medians and ranges, and keeps every
 * round in bench/results/.
 */
import { measureParts, onlyOption } from './parts.mjs'
import { PARTS } from './peers/parts.mjs'
import { comparable, Site } from './peers/servers.mjs'
import { asked, conditionsOf } from './session.mjs'

const options = asked('peers', onlyOption(PARTS))
const site = new Site()
try {
  const { own, peers, reply } = await comparable(site, options)
  const response = reply.fields.map(([name, value]) => `${name}: ${value}`)
  await measureParts(PARTS, options, { own, peers }, { ...conditionsOf(options), response })
} finally {
  site.remove()
}
