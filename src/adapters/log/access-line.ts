import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { Security } from '../../ports/serving/transport.js'
import { escaped, word } from './escaping.js'

/**
 * Writes one line of the access log, line feed included.
 *
 * The lines are concatenated by hand: this runs once a request, and takes a quarter of the time that `JSON.stringify`
 * takes. Phase, outcome and the two ids are words of ours, and numbers are numbers; every other text is escaped.
 *
 * @param time as it shall stand in the line
 */
export type AccessLine = (time: string, exchange: ExchangeRecord) => string

/**
 * One JSON object a line, keys always in the same order.
 *
 * @param worker number of this process; 0 where it is the only one
 */
export function jsonAccessLine(engine: string, worker: number): AccessLine {
  const ofJson = onceEach(jsonSecurity)
  const afterTime = `","engine":${JSON.stringify(engine)},"worker":${worker},"thread":`
  return (time, exchange) => {
    // A key beside its value.
    // prettier-ignore
    return '{"time":"' + time + afterTime + exchange.thread +
    ',"connection":' + exchange.connection +
    ',"request":"' + exchange.request +
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

/** The same facts for the eye: those that are read first come first, and a worker or thread of 0 is left out. */
export function plainAccessLine(engine: string, worker: number): AccessLine {
  const ofPlain = onceEach(plainSecurity)
  const end = ` engine=${word(engine)}` + (worker === 0 ? '' : ` worker=${worker}`)
  return (time, exchange) => {
    // A key beside its value.
    // prettier-ignore
    return time + ' ' + word(exchange.peer) +
    ' "' + escaped(exchange.method) + ' ' + escaped(exchange.target) +
    '" ' + exchange.status + ' ' + exchange.outcome +
    ' ' + milliseconds(exchange.durationMs) +
    'ms in=' + exchange.bytesIn +
    ' out=' + exchange.bytesOut +
    ' route=' + word(exchange.routeName) +
    ' connection=' + exchange.connection +
    ' request=' + exchange.request +
    ' trace=' + exchange.trace +
    ' phase=' + exchange.phase + end +
    (exchange.security === null ? '' : ofPlain(exchange.security)) +
    (exchange.thread === 0 ? '\n' : ' thread=' + exchange.thread + '\n')
  }
}

/** What tells of a connection's security is written once a connection. */
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

/** What follows the whole milliseconds, by microseconds: nothing, `.001` to `.999`. */
const FRACTIONS = Array.from({ length: 1000 }, (_, microseconds) => String(microseconds / 1000).slice(1))

/** A duration with at most three decimals; two integers are written faster than one fraction. */
function milliseconds(durationMs: number): string {
  const microseconds = durationMs > 0 ? Math.round(durationMs * 1000) : 0
  const whole = Math.floor(microseconds / 1000)
  return whole + FRACTIONS[microseconds - whole * 1000]!
}
