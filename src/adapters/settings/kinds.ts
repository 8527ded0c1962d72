import JSON5 from 'json5'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { isStrictTransportSecurity } from '../../domain/tls/strict-transport-security.js'

/**
 * Reads and checks the values of a key. Both readers return a value that they cannot read unchanged: `isValid` refuses
 * it then, and the message shows it as it was written.
 */
export interface Kind {
  /** Completes "wanted …" in messages. */
  readonly wanted: string
  /** Reads the text of a flag or an environment variable. */
  fromText(text: string): unknown
  /** Reads a value of a file, which may have any type of JSON. */
  fromFile(value: unknown): unknown
  isValid(value: unknown): boolean
  /** Resolves the relative paths in a valid value against an absolute folder. */
  withAbsolutePaths?(value: unknown, folder: string): unknown
}

const unchanged = <T>(value: T): T => value

/** Text that passes a test. */
function text(wanted: string, passes: (text: string) => boolean): Kind {
  return {
    wanted,
    fromText: unchanged,
    fromFile: unchanged,
    isValid: (value) => typeof value === 'string' && passes(value),
  }
}

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number, unit = ''): Kind {
  return {
    wanted: `a whole number${unit} from ${min} to ${max}`,
    fromText: (text) => (/^-?\d{1,16}$/.test(text) ? Number(text) : text),
    fromFile: unchanged,
    isValid: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  }
}

/** A whole number, or the word `auto`. */
export function integerOrAuto(min: number, max: number): Kind {
  const number = integer(min, max)
  return {
    wanted: `${number.wanted}, or auto`,
    fromText: (text) => number.fromText(text),
    fromFile: unchanged,
    isValid: (value) => value === 'auto' || number.isValid(value),
  }
}

/** The longest delay of Node's timers: 24 days. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** A duration in milliseconds, at least `min`. */
export const milliseconds = (min: number): Kind => integer(min, MAX_DELAY_MS, ' of milliseconds')

const BYTES_PER_UNIT: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

function bytesFromText(text: string): unknown {
  const [, digits, unit] = /^(\d{1,15})([kmg]?)$/.exec(text.toLowerCase()) ?? []
  return digits === undefined || unit === undefined ? text : Number(digits) * BYTES_PER_UNIT[unit]!
}

/** A number of bytes, optionally written with a unit, a power of 1024: `64k`, `1m`, `2g`. */
export function bytes(min: number, max: number): Kind {
  const whole = integer(min, max)
  return {
    wanted: `bytes from ${min} to ${max}, as a whole number or with a unit such as 64k, 1m, 2g`,
    fromText: bytesFromText,
    fromFile: (value) => (typeof value === 'string' && /[kmg]$/i.test(value) ? bytesFromText(value) : value),
    isValid: (value) => whole.isValid(value),
  }
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['on', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['off', false],
  ['no', false],
  ['0', false],
])

/** A boolean; as text also `on`, `off`, `yes`, `no`, `1` and `0`. */
export const YES_OR_NO: Kind = {
  wanted: 'true or false',
  fromText: (text) => BOOLEANS.get(text.toLowerCase()) ?? text,
  fromFile: unchanged,
  isValid: (value) => typeof value === 'boolean',
}

/** One of these words, in this letter case. */
export const oneOf = (words: readonly string[]): Kind =>
  text(`one of ${words.join(', ')}`, (word) => words.includes(word))

/** A list of names; in text they are separated by commas. */
export const NAMES: Kind = {
  wanted: 'a list of names (outside a file: separated by commas)',
  fromText: (text) => text.split(',').map((name) => name.trim()),
  fromFile: unchanged,
  isValid: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
}

const isPath = (path: unknown): path is string => typeof path === 'string' && path !== '' && !path.includes('\0')

const absolutePath = (path: unknown, folder: string): string => resolve(folder, path as string)

/** The path of a folder. `Layers` checks that the folder exists, once the path is absolute. */
export const FOLDER: Kind = { ...text('a folder that exists', isPath), withAbsolutePaths: absolutePath }

/** The path of a file. The code that reads the file reports what is wrong with it. */
export const FILE: Kind = { ...text('the path of a file', isPath), withAbsolutePaths: absolutePath }

/** Any text; its key hides it. */
export const SECRET: Kind = text('text', () => true)

/** A bearer token as clients send it in an Authorization field (RFC 6750 §2.1), or nothing. */
export const BEARER_TOKEN: Kind = text(
  'at least 16 letters, digits and characters of -._~+/ (optionally followed by =), or nothing',
  (token) => token === '' || /^(?=.{16})[\w\-.~+/]+=*$/.test(token),
)

const HOST_NAME = /^(?!.*\.\.)\w[\w.-]{0,252}$/

const HOST: Kind = text(
  'a host name or an IP address, without a port or brackets',
  (host) => isIP(host) !== 0 || HOST_NAME.test(host),
)

/** The bytes of `sun_path`, less the zero that ends it. */
const MAX_UNIX_PATH_BYTES = 107

/** An address to listen on: host, IP address or unix socket. */
export const LISTENING_HOST: Kind = text(
  `${HOST.wanted}, or unix: and an absolute path`,
  (host) =>
    HOST.isValid(host) ||
    (/^unix:\/.*[^/\0]$/.test(host) && Buffer.byteLength(host) - 'unix:'.length <= MAX_UNIX_PATH_BYTES),
)

/** A host name or an IP address, or nothing. */
export const HOST_OR_NOTHING: Kind = text(`${HOST.wanted}, or nothing`, (host) => host === '' || HOST.isValid(host))

/** The value of a field, without surrounding white space, which recipients remove (RFC 9110 §5.5). */
export const FIELD_VALUE: Kind = text(
  'one line of visible ASCII, or nothing to leave the field out',
  (value) => value === '' || /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value),
)

/** The value of a Strict-Transport-Security field (RFC 6797 §6.1), or nothing. */
export const HSTS: Kind = text(
  'a Strict-Transport-Security field, such as max-age=31536000; includeSubDomains, or nothing to leave it out',
  (value) => value === '' || (FIELD_VALUE.isValid(value) && isStrictTransportSecurity(value)),
)

/** Segments without `:name`, `*`, or anything that the normalization of a path changes. */
const LITERAL_SEGMENTS = /^\/(?:(?!\.{1,2}\/)[\w.~!$&'()+,;=@-]+\/)*$/

/** A path that begins and ends with a slash and that routes match literally. */
export const PATH_PREFIX: Kind = text('a path that begins and ends with "/", such as "/static/"', (path) =>
  LITERAL_SEGMENTS.test(path),
)

/** Tells whether a value of a file is an object of keys and values. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Whether a value has the key `__proto__` anywhere: copied by assignment, it would replace the prototype of the copy.
 */
function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, each]) => key === '__proto__' || hasPrototypeKey(each))
}

function tableFromText(text: string): unknown {
  try {
    return JSON5.parse(text)
  } catch {
    return text
  }
}

/** One table for each plugin, by plugin name. Its keys are the plugin's own. */
export const SECTIONS: Kind = {
  wanted: 'a section of keys and values for each plugin name, such as { "hello": { … } }, without "__proto__"',
  fromText: tableFromText,
  fromFile: unchanged,
  isValid: (value) => isTable(value) && Object.values(value).every(isTable) && !hasPrototypeKey(value),
}

const CERTIFICATE_PATHS: readonly string[] = ['certFile', 'keyFile']

function isCertificate(value: unknown): value is Readonly<Record<string, string | null>> {
  if (!isTable(value) || !CERTIFICATE_PATHS.every((name) => Object.hasOwn(value, name))) return false
  const { passphraseFile = null, ...paths } = value
  const isKnown = Object.entries(paths).every(([name, path]) => CERTIFICATE_PATHS.includes(name) && isPath(path))
  return isKnown && (passphraseFile === null || isPath(passphraseFile))
}

/** A list of certificates, each with the path of its private key. */
export const CERTIFICATES: Kind = {
  wanted: 'a list such as [{ certFile: "a.pem", keyFile: "a.key" }], each optionally with a passphraseFile',
  fromText: tableFromText,
  fromFile: unchanged,
  isValid: (value) => Array.isArray(value) && value.every(isCertificate),
  withAbsolutePaths: (value, folder) =>
    (value as Readonly<Record<string, string | null>>[]).map((paths) => absolutePaths(paths, folder)),
}

function absolutePaths(paths: Readonly<Record<string, string | null>>, folder: string): object {
  const absolute = Object.entries(paths).map(([name, path]) => [name, path === null ? null : resolve(folder, path)])
  return { passphraseFile: null, ...(Object.fromEntries(absolute) as object) }
}
