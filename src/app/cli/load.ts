/** `portico load`: its flags, its checks and its reports. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { authorityOf, unixPath } from '../../domain/message/authority.js'
import { isToken } from '../../domain/octets/grammar.js'
import type { LoadOptions, LoadReport } from '../../ports/tools/load.js'
import { table } from './table.js'

/** The flags that describe requests; `load` and `compare` share them. */
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

/** All flags of `portico load`. */
export interface LoadFlags extends RequestFlags {
  readonly host: string
  readonly port: number
  readonly tls?: true
  readonly rate?: number
}

const HELP = `
Without --rate, each connection sends its next request after a response. With --rate, requests are due at even
intervals, no matter how fast responses arrive. Latency then counts from the moment at which a request was due, so that
a server that stalls is charged with every request that it delayed.

Errors are responses with status 4xx or 5xx, failed connections, and responses that take over 10 seconds. The server's
certificate is not verified.

Exit codes: 0 success; 1 more errors than --max-errors, or a failure; 2 wrong usage.
`

const MS_PER_SECOND = 1000
const WEEK_SECONDS = 7 * 24 * 60 * 60
const PERCENT = 100
const BYTES_PER_MEGABYTE = 1e6

/** Makes a reader of whole numbers in a range, which throws an `InvalidArgumentError` for anything else. */
export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Wanted a whole number of at least ${min}${max > 65_535 ? '' : `, at most ${max}`}.`)
  }

/**
 * Makes a reader of decimal numbers in a range, which throws an `InvalidArgumentError` for anything else.
 *
 * @param wanted completes "Wanted …" in the message
 */
export const number =
  (min: number, wanted: string, max = Infinity) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+(?:\.\d+)?$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Wanted ${wanted}.`)
  }

function readField(text: string): readonly [string, string] {
  const [, name, value] = /^([^:]*):[ \t]*(.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined || !isToken(name))
    throw new InvalidArgumentError("Wanted 'Name: value'.")
  return [name, value]
}

function readPath(text: string): string {
  if (/^\/[\x21-\x7e]*$/.test(text)) return text
  throw new InvalidArgumentError('Wanted a path that begins with "/" and has no spaces.')
}

function readMethod(text: string): string {
  // Loaded only here: node:http is large, and every command loads this file.
  if (process.getBuiltinModule('node:http').METHODS.includes(text)) return text

  throw new InvalidArgumentError('Wanted a method that Node knows, in capital letters, such as GET.')
}

function readHost(text: string): string {
  if (/^unix:.|^[^\s/?#@[\]]+$/.test(text)) return text
  throw new InvalidArgumentError(
    'Wanted a host name, an IP address without brackets, or unix: followed by the path of a socket.',
  )
}

/**
 * Refuses pipelining together with `--no-keepalive` or `--rate`. Those two use the HTTP client of Node, which does not
 * pipeline.
 *
 * @throws {CommanderError}
 */
export function refuseCombination(
  command: Command,
  { pipelineDepth, keepalive, rate }: RequestFlags & { rate?: number },
): void {
  if (pipelineDepth === 1) return
  if (!keepalive)
    command.error('--pipeline-depth cannot be combined with --no-keepalive: it needs persistent connections')
  if (rate !== undefined) command.error('--pipeline-depth cannot be combined with --rate')
}

/**
 * Makes the options that `load` and `compare` share.
 *
 * @param duration the default of `--duration`, in seconds
 */
export function requestOptions(duration: number): Option[] {
  return [
    new Option('--path <PATH>', 'target of each request').default('/').argParser(readPath),
    new Option('--concurrency <NUMBER>', 'number of connections').default(64).argParser(wholeNumber(1)),
    new Option('--duration <SECONDS>', 'how long to send requests')
      .default(duration)
      .argParser(number(0.1, 'seconds, such as 30 or 0.5, at most a week', WEEK_SECONDS)),
    new Option('--keepalive', 'reuse connections').default(true),
    new Option('--no-keepalive', 'open a connection for each request'),
    new Option('--pipeline-depth <NUMBER>', 'requests in flight on one connection')
      .default(1)
      .argParser(wholeNumber(1)),
    new Option('--method <METHOD>', 'method of each request').default('GET').argParser(readMethod),
    new Option('--header <FIELD>', "field, such as 'Accept: text/html'; may be repeated").argParser<
      LoadFlags['header']
    >((text, before = []) => [...before, readField(text)]),
    new Option('--body <TEXT>', 'content of each request'),
  ]
}

/** Gives the command `load` its flags and help. */
export function addLoadFlags(command: Command): Command {
  const options = [
    new Option('--host <HOST>', 'host name or IP address of the server, or unix: followed by the path of a socket')
      .default('127.0.0.1')
      .argParser(readHost),
    new Option('--port <PORT>', 'port of the server').default(8080).argParser(wholeNumber(1, 65_535)),
    new Option('--tls', 'use HTTPS'),
    ...requestOptions(10),
    new Option('--rate <NUMBER>', 'requests per second of all connections together').argParser(wholeNumber(1)),
    new Option('--max-errors <PERCENT>', 'share of errors above which the exit code is 1')
      .default(1)
      .argParser(number(0, 'percent, such as 0.5')),
    new Option('--json', 'print the report as JSON'),
  ]
  for (const option of options) command.addOption(option)
  return command.addHelpText('after', HELP)
}

/** Turns the flags of `load` into the options of the load generator. */
export function loadOptions(flags: LoadFlags): LoadOptions {
  const { host, port, tls } = flags
  const socketPath = unixPath(host)
  const origin = `${tls === true ? 'https' : 'http'}://${socketPath === null ? authorityOf(host, port) : 'localhost'}`
  return {
    ...requestsOf(flags),
    url: `${origin}${flags.path}`,
    socketPath,
    rate: flags.rate ?? null,
  }
}

/** Turns the shared flags into load options without an address and without a rate. */
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

/** Returns the share of requests that ended in an error, from 0 to 1. It is 1 when there was no request at all. */
export function errorRate({ requests, errors }: LoadReport): number {
  const failed = errors.connection + errors.timeout
  const sent = requests + failed
  return sent === 0 ? 1 : (failed + errors.status) / sent
}

/** Clears the terminal line that the cursor is on. */
export const CLEAR_LINE = '\r\x1b[K'

/** Formats the progress of a load, as a terminal line that replaces the previous one. */
export function progressLine({ durationMs }: LoadOptions, elapsedMs: number, requests: number): string {
  const seconds = (ms: number): string => (ms / MS_PER_SECOND).toFixed(0)
  const rate = elapsedMs === 0 ? 0 : (requests * MS_PER_SECOND) / elapsedMs
  return `${CLEAR_LINE}${seconds(elapsedMs)} of ${seconds(durationMs)} s, ${requests} requests, ${rate.toFixed(0)} per second`
}

/** Formats the report of a load for people. */
export function loadText(options: LoadOptions, report: LoadReport): string {
  const { errors, latencyMs, bytes, requests, seconds } = report
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} ms`
  const megabytes = bytes / BYTES_PER_MEGABYTE
  const where = options.socketPath === null ? options.url : `${options.url} at ${options.socketPath}`
  const { status, connection, timeout } = errors
  const isEmpty = requests + connection + timeout === 0
  const failed = isEmpty
    ? 'no responses'
    : `${status} error responses, ${connection} failed connections, ${timeout} timeouts`
  return `${options.method} ${where}, ${options.connections} connections, ${seconds.toFixed(1)} s\n${table([
    ['requests', `${requests}`, `${(requests / seconds).toFixed(0)} per second`],
    ['errors', `${(errorRate(report) * PERCENT).toFixed(2)} %`, failed],
    [
      'latency',
      `p50 ${ms(latencyMs.p50)}`,
      `p95 ${ms(latencyMs.p95)}, p99 ${ms(latencyMs.p99)}, max ${ms(latencyMs.max)}`,
    ],
    ['received', `${megabytes.toFixed(1)} MB`, `${(megabytes / seconds).toFixed(1)} MB per second`],
  ])}`
}

/** Formats the same as JSON, together with the options. */
export function loadJson(options: LoadOptions, report: LoadReport): string {
  const derived = { requestsPerSecond: report.requests / report.seconds, errorRate: errorRate(report) }
  return `${JSON.stringify({ ...options, ...report, ...derived }, null, 2)}\n`
}

/** Tells whether a load had more errors than `--max-errors` allows. */
export function isFailure({ maxErrors }: LoadFlags, report: LoadReport): boolean {
  return errorRate(report) * PERCENT > maxErrors
}
