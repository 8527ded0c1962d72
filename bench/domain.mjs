/**
 * `npm run bench:domain -- [--only PART,...] [--rounds N] [--seconds N] [--save-as NAME]`:
 *
 * Measures the domain in this process, without sockets: how fast chunked content is decoded, and whether a route is
 * found as fast among many routes as among few. Prints medians and ranges, and keeps every round in bench/results/.
 */
import { Buffer } from 'node:buffer'
import { ChunkedDecoder } from '../dist/src/domain/framing/chunked-decoder.js'
import { RouteTable } from '../dist/src/domain/routing/route-table.js'
import { measureParts, onlyOption } from './parts.mjs'
import { asked, conditionsOf } from './session.mjs'
import { quotients } from './statistics.mjs'

const GIB = 2 ** 30
/** The size of a transport's reads. */
const READ_BYTES = 65_536
const CHUNK_SIZES = [1024, 65_536]
const ROUTE_COUNTS = [10, 10_000]
const FIELD_LINES = 100
/** The number of matches between two readings of the clock. */
const MATCHES = 1000

const label = ({ server }) => [server]

const decoder = {
  part: 'decoder',
  title: 'Decoding of chunked content',
  startsItself: true,
  startables: () => CHUNK_SIZES.map((bytes) => ({ name: nameOf(bytes), wire: chunked(bytes) })),
  measure: async ({ name, wire }, { seconds }) => [
    { server: name, errors: 0, bytesPerSecond: perSecond(seconds, () => decode(wire)) },
  ],
  label,
  columns: [{ title: 'GiB of content per second', digits: 2, of: (row) => row.bytesPerSecond / GIB }],
  targets: [{ target: 'GiB per second in chunks of 1 KiB', least: 1, of: ratesOfSmall }],
}

const routes = {
  part: 'routes',
  title: 'Finding a route with a parameter',
  startsItself: true,
  startables: () => ROUTE_COUNTS.map((count) => ({ name: `${count} routes`, count, table: tableOf(count) })),
  measure: async ({ name, count, table }, { seconds }) => [
    { server: name, errors: 0, nsPerMatch: 1e9 / perSecond(seconds, () => match(table, count)) },
  ],
  label,
  columns: [{ title: 'ns per request', digits: 0, of: (row) => row.nsPerMatch }],
  targets: [{ target: 'ns per request, 10 000 routes / 10 routes', most: 1.25, of: ratioOfMany }],
}

/** @param work does some work and returns its amount */
function perSecond(seconds, work) {
  const begunMs = performance.now()
  let done = 0
  let elapsedMs = 0
  do {
    done += work()
    elapsedMs = performance.now() - begunMs
  } while (elapsedMs < seconds * 1000)
  return (done * 1000) / elapsedMs
}

function nameOf(bytes) {
  return `chunks of ${bytes / 1024} KiB`
}

/** Makes 4 MiB of content in chunks of a size, with its framing. */
function chunked(bytes) {
  const chunk = Buffer.concat([Buffer.from(`${bytes.toString(16)}\r\n`), Buffer.alloc(bytes, 'x'), Buffer.from('\r\n')])
  const chunks = Array.from({ length: (4 * 1024 * 1024) / bytes }, () => chunk)
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')])
}

/** @returns the bytes of content */
function decode(wire) {
  const reader = new ChunkedDecoder(GIB, GIB, FIELD_LINES)
  let content = 0
  for (let at = 0; !reader.done;) {
    at = reader.read(wire, at, Math.min(wire.length, at + READ_BYTES))
    content += reader.piece === null ? 0 : reader.piece.length
  }
  return content
}

function tableOf(count) {
  const entry = (at) => ({ method: 'GET', pattern: `/area${at % 100}/thing${at}/:id`, value: at })
  return new RouteTable(Array.from({ length: count }, (_, at) => entry(at)))
}

/** @returns the number of routes found */
function match(table, count) {
  let found = 0
  for (let at = 0; at < MATCHES; at++) {
    const route = at % count
    const path = `/area${route % 100}/thing${route}/7`
    if (table.match(path)?.route('GET')?.params(path).id === '7') found++
  }
  return found
}

function ratesOfSmall(rows) {
  const small = rows.filter(({ server }) => server === nameOf(CHUNK_SIZES[0]))
  return small.map((row) => row.bytesPerSecond / GIB)
}

function ratioOfMany(rows) {
  const times = (count) => rows.filter(({ server }) => server === `${count} routes`).map((row) => row.nsPerMatch)
  return quotients(times(10_000), times(10))
}

const PARTS = [decoder, routes]
const options = asked('domain', onlyOption(PARTS))
await measureParts(PARTS, options, {}, conditionsOf(options))
