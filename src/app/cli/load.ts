/** `portico load`: what it takes and what it says. */
import { METHODS } from 'node:http'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { authorityOf, UNIX } from '../../domain/message/authority.js'
import { isToken } from '../../domain/octets/grammar.js'
import type { LoadOptions, LoadReport } from '../../ports/tools/load.js'
import { table } from './table.js'

/** What is asked, and by how many. */
export interface RequestFlags {
  readonly path: string
  readonly concurrency: number
  /** Seconds. */
  readonly duration: number
  readonly keepalive: boolean
  readonly pipelineDepth: number
  readonly method: string
  readonly header?: readonly (readonly [string, string])[]
  readonly body?: string
  /** Percent of all requests. */
  readonly maxErrors: number
  readonly json?: true
}

export interface LoadFlags extends RequestFlags {
  readonly host: string
  readonly port: number
  readonly tls?: true
  readonly rate?: number
}

const HELP = `
Without --rate each connection sends its next request when it has its answer. With --rate requests are due one after the
other at even distances, however they are answered; latencies then count from when each was due, so that a server that
stalls is charged with all that it held up. Errors are answers of 4xx and 5xx, connections that fail, and answers that take over
10 seconds. A certificate is taken as it is.

Exit codes: 0 done; 1 more errors than --max-errors; 2 the command line.
`

const MS_PER_SECOND = 1000
const WEEK_SECONDS = 7 * 24 * 60 * 60
const PERCENT = 100
const OCTETS_PER_MEGABYTE = 1e6

export const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= least && number <= most) return number
    throw new InvalidArgumentError(
      `Wanted a whole number of at least ${least}${most > 65_535 ? '' : `, at most ${most}`}.`,
    )
  }

export const number =
  (least: number, meaning: string, most = Infinity) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+(?:\.\d+)?$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`Wanted ${meaning}.`)
  }

function readField(text: string): readonly [string, string] {
  const [, name, value] = /^([^:]*):[ \t]*(.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined || !isToken(name))
    throw new InvalidArgumentError("Wanted 'Name: value'.")
  return [name, value]
}

function readPath(text: string): string {
  if (/^\/[\x21-\x7e]*$/.test(text)) return text
  throw new InvalidArgumentError('Wanted a path that begins with "/", without spaces.')
}

function readMethod(text: string): string {
  if (METHODS.includes(text)) return text
  throw new InvalidArgumentError('Wanted a method that Node knows, such as GET.')
}

function readHost(text: string): string {
  if (/^unix:.|^[^\s/?#@[\]]+$/.test(text)) return text
  throw new InvalidArgumentError('Wanted a name, an address without brackets, or unix: and the path of a socket.')
}

/** What a client cannot do at once: Node's own, which is asked where connections do not persist or a rate is kept, sends one by one. */
export function refuseCombination(
  command: Command,
  { pipelineDepth, keepalive, rate }: RequestFlags & { rate?: number },
): void {
  if (pipelineDepth === 1) return
  if (!keepalive) command.error('--pipeline-depth needs connections that persist: it does not go with --no-keepalive')
  if (rate !== undefined) command.error('--pipeline-depth does not go with --rate')
}

/** @param duration how long, in seconds, unless told */
export function requestOptions(duration: number): Option[] {
  return [
    new Option('--path <PATH>', 'target of each request').default('/').argParser(readPath),
    new Option('--concurrency <NUMBER>', 'connections').default(64).argParser(wholeNumber(1)),
    new Option('--duration <SECONDS>', 'how long')
      .default(duration)
      .argParser(number(0.1, 'seconds, such as 30 or 0.5, at most a week', WEEK_SECONDS)),
    new Option('--keepalive', 'more than one request on a connection').default(true),
    new Option('--no-keepalive', 'a connection for each request'),
    new Option('--pipeline-depth <NUMBER>', 'requests under way on a connection').default(1).argParser(wholeNumber(1)),
    new Option('--method <METHOD>', 'method of each request').default('GET').argParser(readMethod),
    new Option('--header <FIELD>', "field such as 'Accept: text/html'; may be repeated").argParser<LoadFlags['header']>(
      (text, before = []) => [...before, readField(text)],
    ),
    new Option('--body <TEXT>', 'content of each request'),
  ]
}

export function addLoadFlags(command: Command): Command {
  const options = [
    new Option('--host <HOST>', 'name, address, or unix: and the path of a socket')
      .default('127.0.0.1')
      .argParser(readHost),
    new Option('--port <PORT>', 'port of the server').default(8080).argParser(wholeNumber(1, 65_535)),
    new Option('--tls', 'by HTTPS'),
    ...requestOptions(10),
    new Option('--rate <NUMBER>', 'requests a second, of all connections together').argParser(wholeNumber(1)),
    new Option('--max-errors <PERCENT>', 'errors that are no failure')
      .default(1)
      .argParser(number(0, 'percent, such as 0.5')),
    new Option('--json', 'print the report as JSON'),
  ]
  for (const option of options) command.addOption(option)
  return command.addHelpText('after', HELP)
}

export function loadOrder(flags: LoadFlags): LoadOptions {
  const { host, port, tls } = flags
  const isUnix = host.startsWith(UNIX)
  const origin = `${tls === true ? 'https' : 'http'}://${isUnix ? 'localhost' : authorityOf(host, port)}`
  return {
    ...requestsOf(flags),
    url: `${origin}${flags.path}`,
    socketPath: isUnix ? host.slice(UNIX.length) : null,
    rate: flags.rate ?? null,
  }
}

/** A load, wherever it goes; as many requests as are answered. */
export function requestsOf(flags: RequestFlags): Omit<LoadOptions, 'url' | 'socketPath'> {
  return {
    connections: flags.concurrency,
    durationMs: flags.duration * MS_PER_SECOND,
    keepAlive: flags.keepalive,
    pipelining: flags.pipelineDepth,
    method: flags.method,
    headers: flags.header ?? [],
    body: flags.body ?? null,
    rate: null,
  }
}

/** Errors of all that was asked, as a share. */
export function errorRate({ requests, errors }: LoadReport): number {
  const failed = errors.connection + errors.timeout
  const asked = requests + failed
  // Who got nowhere has not done without errors.
  return asked === 0 ? 1 : (failed + errors.status) / asked
}

/** Takes away the line that the cursor is on. */
export const CLEAR_LINE = '\r\x1b[K'

/** A line that takes the place of the one before it. */
export function progressLine({ durationMs }: LoadOptions, elapsedMs: number, requests: number): string {
  const seconds = (ms: number): string => (ms / MS_PER_SECOND).toFixed(0)
  const rate = elapsedMs === 0 ? 0 : (requests * MS_PER_SECOND) / elapsedMs
  return `${CLEAR_LINE}${seconds(elapsedMs)} of ${seconds(durationMs)} s, ${requests} requests, ${rate.toFixed(0)} a second`
}

export function loadText(order: LoadOptions, report: LoadReport): string {
  const { errors, latencyMs, bytes, requests, seconds } = report
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} ms`
  const megabytes = bytes / OCTETS_PER_MEGABYTE
  const where = order.socketPath === null ? order.url : `${order.url} at ${order.socketPath}`
  const { status, connection, timeout } = errors
  const isSilent = requests + connection + timeout === 0
  const failed = isSilent
    ? 'nothing was answered'
    : `${status} by status, ${connection} of connections, ${timeout} by time`
  return `${order.method} ${where}, ${order.connections} connections, ${seconds.toFixed(1)} s\n${table([
    ['requests', `${requests}`, `${(requests / seconds).toFixed(0)} a second`],
    ['errors', `${(errorRate(report) * PERCENT).toFixed(2)} %`, failed],
    [
      'latency',
      `p50 ${ms(latencyMs.p50)}`,
      `p95 ${ms(latencyMs.p95)}, p99 ${ms(latencyMs.p99)}, max ${ms(latencyMs.max)}`,
    ],
    ['bytes', `${megabytes.toFixed(1)} MB`, `${(megabytes / seconds).toFixed(1)} MB a second`],
  ])}`
}

export function loadJson(order: LoadOptions, report: LoadReport): string {
  const derived = { requestsPerSecond: report.requests / report.seconds, errorRate: errorRate(report) }
  return `${JSON.stringify({ ...order, ...report, ...derived }, null, 2)}\n`
}

/** @param flags which tell how many errors are too many */
export function isFailure({ maxErrors }: LoadFlags, report: LoadReport): boolean {
  return errorRate(report) * PERCENT > maxErrors
}
