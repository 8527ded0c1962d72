import convict from 'convict'
import { statSync } from 'node:fs'
import type { EffectiveSetting, Settings, SettingsProblem } from '../../ports/operations/settings.js'
import { type Bound, BOUNDS, isBroken } from './bounds.js'
import { COMBINATIONS, type Combination } from './combinations.js'
import { FOLDER, type Kind } from './kinds.js'
import { existing } from './nearest.js'
import { type KeySchema, keysOf } from './key-schema.js'
import type { settingsSchema } from './schema.js'

/** A value that one source gives a key, before it is read and checked. */
export interface Candidate {
  readonly key: string
  /** Text from a flag or the environment; a value of any type from a file. */
  readonly written: { readonly as: 'text'; readonly text: string } | { readonly as: 'value'; readonly value: unknown }
  readonly origin: string
  /** The absolute folder that relative paths start from. */
  readonly folder: string
  /** Whether the value is appended to the key's list, instead of replacing it. */
  readonly adds: boolean
}

const MAX_SHOWN = 80
const SECRET_SHOWN = '(secret)'

function shown(value: unknown): string {
  // JSON5 and YAML have numbers that JSON lacks, such as infinity.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** `null` in a file leaves a key unset, just as an empty environment variable does. */
const isUnset = ({ written }: Candidate): boolean => written.as === 'value' && written.value === null

/** Reads a candidate's value according to its kind and makes paths absolute. */
function read({ written, folder }: Candidate, kind: Kind): unknown {
  const value = written.as === 'text' ? kind.fromText(written.text) : kind.fromFile(written.value)
  return kind.withAbsolutePaths !== undefined && kind.isValid(value) ? kind.withAbsolutePaths(value, folder) : value
}

/**
 * Builds the configuration: starts from the defaults and adds candidates, from the weakest source to the strongest.
 *
 * Every candidate is checked, including one that a stronger source overrides: it would be a problem on the day the
 * stronger source is removed.
 */
export class Layers {
  readonly problems: SettingsProblem[] = []
  private readonly keys: ReadonlyMap<string, KeySchema<unknown>>
  private readonly config: convict.Config<Settings>
  private readonly origins = new Map<string, string>()

  constructor(schema: ReturnType<typeof settingsSchema>) {
    this.keys = keysOf(schema)
    // Convict itself reads "80abc" as 80, and any text but "false" as true. Therefore it gets neither the environment
    // nor arguments, only values that the key's own kind has read.
    this.config = convict<Settings>(schema, { env: {}, args: [] })
  }

  /** Adds a candidate that is stronger than all before it, or reports what is wrong with it. */
  add(candidate: Candidate): void {
    const kind = this.keys.get(candidate.key)?.kind
    if (kind === undefined) this.reportUnknownKey(candidate)
    else if (!isUnset(candidate)) this.check(candidate, kind)
  }

  /**
   * Checks the rules between keys. A rule with a key that already has a problem is skipped, because the key has its
   * default here instead of the value that the user wanted.
   */
  checkTogether(): void {
    const wrong = new Set(this.problems.map(({ key }) => key))
    const checked = BOUNDS.filter((bound) => !wrong.has(bound.key) && !wrong.has(bound.atMost))
    for (const bound of checked) {
      if (isBroken(bound, (key) => this.valueOf(key) as number)) this.reportBound(bound)
    }
    const settings = this.settings()
    for (const each of COMBINATIONS) {
      if (each.keys.every((key) => !wrong.has(key)) && each.isImpossible(settings)) this.reportCombination(each)
    }
  }

  settings(): Settings {
    return this.config.getProperties()
  }

  effective(): EffectiveSetting[] {
    return [...this.keys].map(([key, { secret, defaultText }]) => {
      const value = this.valueOf(key)
      const shownValue = secret && value !== '' ? SECRET_SHOWN : value
      return { key, value: shownValue, absent: defaultText ?? 'none', origin: this.originOf(key) }
    })
  }

  private check(candidate: Candidate, kind: Kind): void {
    const value = read(candidate, kind)
    if (kind.isValid(value) && (kind !== FOLDER || isFolder(value as string))) this.set(candidate, value)
    else this.report(candidate, value, kind.wanted)
  }

  private set(candidate: Candidate, value: unknown): void {
    const { key, origin, adds } = candidate
    const whole = adds ? [...new Set([...(this.valueOf(key) as unknown[]), ...(value as unknown[])])] : value
    this.config.set(key, whole)
    this.origins.set(key, origin)
  }

  private valueOf(key: string): unknown {
    return this.config.get(key as keyof Settings)
  }

  private originOf(key: string): string {
    return this.origins.get(key) ?? 'default'
  }

  private report({ key, origin }: Candidate, found: unknown, wanted: string): void {
    this.problems.push({ key, found: this.found(key, found), wanted, origin })
  }

  private reportUnknownKey(candidate: Candidate): void {
    const { key, written } = candidate
    const names = [...this.keys.keys()]
    const inside = names.filter((name) => name.startsWith(`${key}.`))
    const wanted = inside.length > 0 ? `keys inside it: ${inside.join(', ')}` : existing('a key', key, names)
    this.report(candidate, written.as === 'text' ? written.text : written.value, wanted)
  }

  private reportBound({ key, atMost, because }: Bound): void {
    this.problems.push({
      key,
      found: shown(this.valueOf(key)),
      wanted: `at most ${atMost}, which is ${shown(this.valueOf(atMost))} (${this.originOf(atMost)}): ${because}`,
      origin: this.originOf(key),
    })
  }

  private reportCombination({ keys: [key], wanted }: Combination): void {
    this.problems.push({ key, found: this.found(key, this.valueOf(key)), wanted, origin: this.originOf(key) })
  }

  private found(key: string, value: unknown): string {
    return this.keys.get(key)?.secret ? SECRET_SHOWN : shown(value)
  }
}
