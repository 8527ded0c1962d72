import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { Security } from '../../ports/serving/transport.js'
import { escaped, word } from './escaping.js'

/**
 * Formats one line of the access log, line feed included.
 *
 * Lines are concatenated by hand, because this runs for every request: it takes a quarter of the time of
 * `JSON.stringify`. Phase, outcome and the two ids are always safe text; every other text is escaped.
 *
 * @param time formatted for the line
 */
export type AccessLine = (time: string, exchange: ExchangeRecord) => string

/**
 * Makes a formatter of JSON lines, with the keys always in the same order.
 *
 * @param worker the number of this process; 0 without a supervisor
 */
export function jsonAccessLine(engine: string, worker: number): AccessLine {
  const ofJson = onceEach(jsonSecurity)
  const afterTime = `","engine":${JSON.stringify(engine)},"worker":${worker},"thread":`
  return (time, exchange) => {
    // Each key is beside its value.
    // prettier-ignore
    return '{"time":"' + time + afterTime + exchange.thread +
    ',"connection":' + exchange.connection +
    ',"request":"' + exchange.requestId +
    '","trace":"' + exchange.trace +
    '","phase":"' + exchange.phase +
    '","peer":"' + escaped(exchange.peer) +
    '","method":"' + escaped(exchange.method) +
    '","target":"' + escaped(exchange.target) +
    '","route":"' + escaped(exchange.routeName) +
    '","status":' + exchange.status +
    ',"bytesIn":' + exchange.bytesIn +
    ',"bytesOut":' + exchange.bytesOut +
    ',"durationMs":' + milliseconds(exchange.durationMs) +
    ',"outcome":"' + exchange.outcome + '"' + (exchange.security === null ? '}\n' : ofJson(exchange.security) + '}\n')
  }
}

/**
 * Makes a formatter of plain lines for people. The most important facts come first; a worker or thread of 0 is omitted.
 */
export function plainAccessLine(engine: string, worker: number): AccessLine {
  const ofPlain = onceEach(plainSecurity)
  const end = ` engine=${word(engine)}` + (worker === 0 ? '' : ` worker=${worker}`)
  return (time, exchange) => {
    // Each key is beside its value.
    // prettier-ignore
    return time + ' ' + word(exchange.peer) +
    ' "' + escaped(exchange.method) + ' ' + escaped(exchange.target) +
    '" ' + exchange.status + ' ' + exchange.outcome +
    ' ' + milliseconds(exchange.durationMs) +
    'ms in=' + exchange.bytesIn +
    ' out=' + exchange.bytesOut +
    ' route=' + word(exchange.routeName) +
    ' connection=' + exchange.connection +
    ' request=' + exchange.requestId +
    ' trace=' + exchange.trace +
    ' phase=' + exchange.phase + end +
    (exchange.security === null ? '' : ofPlain(exchange.security)) +
    (exchange.thread === 0 ? '\n' : ' thread=' + exchange.thread + '\n')
  }
}

/** Caches the text about a connection's security, which is the same for all its requests. */
function onceEach(write: (security: Security) => string): (security: Security) => string {
  const written = new WeakMap<Security, string>()
  return (security) => {
    let text = written.get(security)
    if (text === undefined) written.set(security, (text = write(security)))
    return text
  }
}

const quoted = (text: string | null): string => (text === null ? 'null' : `"${escaped(text)}"`)

const jsonSecurity = ({ protocol, suite, serverName, resumed, client }: Security): string =>
  `,"tls":{"protocol":${quoted(protocol)},"suite":${quoted(suite)},"serverName":${quoted(serverName)},` +
  `"resumed":${resumed},"client":${quoted(client?.subject ?? null)}}`

const plainSecurity = ({ protocol, suite, serverName, resumed, client }: Security): string =>
  ` tls=${word(protocol)} suite=${word(suite)}` +
  (serverName === null ? '' : ` server=${word(serverName)}`) +
  (resumed ? ' resumed' : '') +
  (client === null ? '' : ` client=${quoted(client.subject)}`)

/** The fraction of a millisecond as text, by microseconds: empty, `.001` to `.999`. */
const FRACTIONS = Array.from({ length: 1000 }, (_, microseconds) => String(microseconds / 1000).slice(1))

/** Formats a duration with at most three decimals. Formatting two integers is faster than formatting a fraction. */
function milliseconds(durationMs: number): string {
  const microseconds = durationMs > 0 ? Math.round(durationMs * 1000) : 0
  const whole = Math.floor(microseconds / 1000)
  return whole + FRACTIONS[microseconds - whole * 1000]!
}
