import { inspect } from 'node:util'
import type { Facts } from '../../ports/operations/event-log.js'
import { unicodeEscape, word } from './escaping.js'
import { withSourcePlaces } from './source-places.js'

/** The level of an event. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** Formats one event, without the last line feed. */
export type EventLine = (time: string, level: Level, event: string, facts: Facts) => string

const OWN_KEYS: ReadonlySet<string> = new Set(['time', 'level', 'event'])

/**
 * Formats an event as one JSON object: `time`, `level`, `event`, then the facts in their order. A fact with one of
 * these three names gets the prefix `facts.`.
 */
export const jsonEventLine: EventLine = (time, level, event, facts) => {
  let line = `{"time":"${time}","level":"${level}","event":${visible(JSON.stringify(event))}`
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue
    const key = OWN_KEYS.has(name) ? `facts.${name}` : name
    line += `,${visible(JSON.stringify(key))}:${visible(jsonOf(value))}`
  }
  return line + '}'
}

/**
 * Formats an event for people: time, level, event, then `name=value` for each fact. The stacks of errors follow on
 * indented lines, so that only the first line begins with a time.
 */
export const plainEventLine: EventLine = (time, level, event, facts) => {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${visible(event)}`
  let stacks = ''
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue
    if (value instanceof Error) stacks += indented(stackOf(value))
    else line += ` ${word(name)}=${plainOf(value)}`
  }
  return line + stacks
}

const COLOURS: Readonly<Record<Level, number>> = { debug: 90, info: 32, warn: 33, error: 31 }

/** Formats the plain line for a terminal, with the level in its colour. */
export const colouredEventLine: EventLine = (time, level, event, facts) => {
  const line = plainEventLine(time, level, event, facts)
  const from = time.length + 1
  const to = from + level.length
  return `${line.slice(0, from)}\x1b[${COLOURS[level]}m${line.slice(from, to)}\x1b[39m${line.slice(to)}`
}

/** Converts any value to JSON. A value that JSON cannot hold becomes a text that describes it. */
function jsonOf(value: unknown): string {
  try {
    const json = JSON.stringify(value, (_, each: unknown) => (each instanceof Error ? errorFacts(each) : each))
    if (typeof json === 'string') return json
  } catch {
    // A cycle, a BigInt, or a getter that throws. Logging a value must not fail.
  }
  return JSON.stringify(description(value))
}

function plainOf(value: unknown): string {
  if (typeof value !== 'string') return visible(jsonOf(value))
  // Letters of all alphabets stay readable; only characters that could end the word force quotes.
  return /^[^\s"\\=]+$/.test(value) ? visible(value) : visible(JSON.stringify(value))
}

function errorFacts(error: Error): object {
  const { name, message, code, cause } = error as NodeJS.ErrnoException
  return { name, message, code, stack: stackOf(error), cause }
}

function stackOf(error: Error): string {
  return described(() => withSourcePlaces(error.stack ?? `${error.name}: ${error.message}`))
}

function indented(text: string): string {
  let lines = ''
  for (const line of text.split('\n')) lines += `\n    ${visible(line)}`
  return lines
}

function description(value: unknown): string {
  return described(() => inspect(value, { customInspect: false, depth: 3, breakLength: Infinity }))
}

/** Describes a value that a handler has thrown; its getters may throw, too. */
function described(describe: () => string): string {
  try {
    return describe()
  } catch {
    return 'a value that cannot be described'
  }
}

/** Controls (line feeds included), invisible format characters that can reorder a line, separators, lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Escapes invisible characters, and characters that could begin another line. */
function visible(text: string): string {
  return text.replace(INVISIBLE, (found) => found.split('').map(unicodeEscape).join(''))
}
