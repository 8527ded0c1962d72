import JSON5 from 'json5'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { isStrictTransportSecurity } from '../../domain/tls/strict-transport-security.js'

/**
 * What a key takes and how it is written. Reading gives back what it cannot read, so that the message can show it.
 */
export interface Kind {
  /** Completes "wanted …". */
  readonly wanted: string
  /** Reads a flag or an environment variable. */
  fromText(text: string): unknown
  /** Reads what a file holds, which has types of its own. */
  fromFile(value: unknown): unknown
  holds(value: unknown): boolean
  /** Makes the paths in a value that holds absolute. */
  placed?(value: unknown, folder: string): unknown
}

const asItIs = <T>(value: T): T => value

/** Text that passes a test. */
function text(wanted: string, passes: (text: string) => boolean): Kind {
  return {
    wanted,
    fromText: asItIs,
    fromFile: asItIs,
    holds: (value) => typeof value === 'string' && passes(value),
  }
}

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number, unit = ''): Kind {
  return {
    wanted: `a whole number${unit} from ${min} to ${max}`,
    fromText: (text) => (/^-?\d{1,16}$/.test(text) ? Number(text) : text),
    fromFile: asItIs,
    holds: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  }
}

/** A whole number, or the word `auto`: as many as suit the machine. */
export function integerOrAuto(min: number, max: number): Kind {
  const number = integer(min, max)
  return {
    wanted: `${number.wanted}, or auto`,
    fromText: (text) => number.fromText(text),
    fromFile: asItIs,
    holds: (value) => value === 'auto' || number.holds(value),
  }
}

/** Node's timers take no longer delay: 24 days. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

export const milliseconds = (min: number): Kind => integer(min, LONGEST_DELAY_MS, ' of milliseconds')

const OCTETS_PER_UNIT: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

function octetsFromText(text: string): unknown {
  const [, digits, unit] = /^(\d{1,15})([kmg]?)$/.exec(text.toLowerCase()) ?? []
  return digits === undefined || unit === undefined ? text : Number(digits) * OCTETS_PER_UNIT[unit]!
}

/** A size in octets, which may be written with a unit of 1024: `64k`, `1m`, `2g`. */
export function octets(min: number, max: number): Kind {
  const whole = integer(min, max)
  return {
    wanted: `octets from ${min} to ${max}, as a whole number or with a unit such as 64k, 1m, 2g`,
    fromText: octetsFromText,
    fromFile: (value) => (typeof value === 'string' && /[kmg]$/i.test(value) ? octetsFromText(value) : value),
    holds: (value) => whole.holds(value),
  }
}

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['on', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['off', false],
  ['no', false],
  ['0', false],
])

export const YES_OR_NO: Kind = {
  wanted: 'true or false',
  fromText: (text) => TRUTH.get(text.toLowerCase()) ?? text,
  fromFile: asItIs,
  holds: (value) => typeof value === 'boolean',
}

export const oneOf = (words: readonly string[]): Kind =>
  text(`one of ${words.join(', ')}`, (word) => words.includes(word))

/** A list of names; text separates them by commas. */
export const NAMES: Kind = {
  wanted: 'a list of names (separated by commas outside a file)',
  fromText: (text) => text.split(',').map((name) => name.trim()),
  fromFile: asItIs,
  holds: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
}

const isPath = (path: unknown): path is string => typeof path === 'string' && path !== '' && !path.includes('\0')

const placedPath = (path: unknown, folder: string): string => resolve(folder, path as string)

/** A path; whoever knows where it was written sees whether a folder is there. */
export const FOLDER: Kind = { ...text('a folder that exists', isPath), placed: placedPath }

/** A path; who reads the file tells what is wrong with it. */
export const FILE: Kind = { ...text('the path of a file', isPath), placed: placedPath }

/** Text that nobody else may see. */
export const SECRET: Kind = text('text', () => true)

/** Text that whoever has to know it sends in a field (RFC 6750 §2.1). */
export const BEARER_TOKEN: Kind = text(
  'at least 16 letters, digits and -._~+/ (then perhaps =), or nothing',
  (token) => token === '' || /^(?=.{16})[\w\-.~+/]+=*$/.test(token),
)

const HOST_NAME = /^(?!.*\.\.)\w[\w.-]{0,252}$/

const HOST: Kind = text(
  'a host name or an IP address, without a port or brackets',
  (host) => isIP(host) !== 0 || HOST_NAME.test(host),
)

/** `sun_path` holds so many octets, with a zero behind. */
const LONGEST_UNIX_PATH = 107

/** Where to listen. */
export const LISTENING_HOST: Kind = text(
  `${HOST.wanted}, or unix: and an absolute path`,
  (host) =>
    HOST.holds(host) ||
    (/^unix:\/.*[^/\0]$/.test(host) && Buffer.byteLength(host) - 'unix:'.length <= LONGEST_UNIX_PATH),
)

export const HOST_OR_NOTHING: Kind = text(`${HOST.wanted}, or nothing`, (host) => host === '' || HOST.holds(host))

/** One line that can stand in a field; surrounding white space would be lost under way (RFC 9110 §5.5). */
export const FIELD_VALUE: Kind = text(
  'one line of visible ASCII, or nothing to leave the field out',
  (value) => value === '' || /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value),
)

export const HSTS: Kind = text(
  'a Strict-Transport-Security field, such as max-age=31536000; includeSubDomains, or nothing to leave it out',
  (value) => value === '' || (FIELD_VALUE.holds(value) && isStrictTransportSecurity(value)),
)

/** Segments that a route takes literally: no `:name`, no `*`, nothing that the normal form of a path changes. */
const LITERAL_SEGMENTS = /^\/(?:(?!\.{1,2}\/)[\w.~!$&'()+,;=@-]+\/)*$/

export const PATH_PREFIX: Kind = text('a path that begins and ends with "/", such as "/static/"', (path) =>
  LITERAL_SEGMENTS.test(path),
)

/** Whether it is what `{}` makes in a file: keys and values. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A key of this name becomes the prototype of the object that somebody copies it into. */
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

/** Sections of their owner's making, by name. */
export const SECTIONS: Kind = {
  wanted: 'a section of keys and values for each plugin name, such as { "hello": { … } }, without "__proto__"',
  fromText: tableFromText,
  fromFile: asItIs,
  holds: (value) => isTable(value) && Object.values(value).every(isTable) && !hasPrototypeKey(value),
}

const CERTIFICATE_PATHS: readonly string[] = ['certFile', 'keyFile']

function isCertificate(value: unknown): value is Readonly<Record<string, string | null>> {
  if (!isTable(value) || !CERTIFICATE_PATHS.every((name) => Object.hasOwn(value, name))) return false
  const { passphraseFile = null, ...paths } = value
  const isKnown = Object.entries(paths).every(([name, path]) => CERTIFICATE_PATHS.includes(name) && isPath(path))
  return isKnown && (passphraseFile === null || isPath(passphraseFile))
}

/** A list of certificates with their keys. */
export const CERTIFICATES: Kind = {
  wanted: 'a list such as [{ certFile: "a.pem", keyFile: "a.key" }], each perhaps with a passphraseFile',
  fromText: tableFromText,
  fromFile: asItIs,
  holds: (value) => Array.isArray(value) && value.every(isCertificate),
  placed: (value, folder) => (value as Readonly<Record<string, string | null>>[]).map((paths) => place(paths, folder)),
}

function place(paths: Readonly<Record<string, string | null>>, folder: string): object {
  const placed = Object.entries(paths).map(([name, path]) => [name, path === null ? null : resolve(folder, path)])
  return { passphraseFile: null, ...(Object.fromEntries(placed) as object) }
}
