import convict from 'convict'
import { statSync } from 'node:fs'
import type { EffectiveSetting, Settings, SettingsProblem } from '../../ports/operations/settings.js'
import { type Bound, BOUNDS, isBroken } from './bounds.js'
import { COMBINATIONS, type Combination } from './combinations.js'
import { FOLDER, type Kind } from './kinds.js'
import { oneThatExists } from './nearest.js'
import { type KeySchema, keysOf, type settingsSchema } from './schema.js'

/** A value for a key, as somebody wrote it somewhere. */
export interface Candidate {
  readonly key: string
  /** A string where text is all there is (flags, environment); whatever a file holds otherwise. */
  readonly written: { readonly as: 'text'; readonly text: string } | { readonly as: 'value'; readonly value: unknown }
  readonly origin: string
  /** What a relative path is relative to; absolute. */
  readonly folder: string
  /** Whether a list is added to instead of replaced. */
  readonly adds: boolean
}

const LONGEST_SHOWN = 80
const SECRET_SHOWN = '(secret)'

function shown(value: unknown): string {
  // JSON5 and YAML have numbers that JSON lacks, such as infinity.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** A key that a file names without a value is not set, as an empty variable of the environment is not. */
const isLeftEmpty = ({ written }: Candidate): boolean => written.as === 'value' && written.value === null

/** The value in the way its kind is written; paths are made absolute. */
function read({ written, folder }: Candidate, kind: Kind): unknown {
  const value = written.as === 'text' ? kind.fromText(written.text) : kind.fromFile(written.value)
  return kind.placed !== undefined && kind.holds(value) ? kind.placed(value, folder) : value
}

/**
 * The configuration while it comes together: defaults, and on top of them candidates from the weakest source to the
 * strongest. Each candidate is judged, also one that a stronger source overrides: it would be wrong on the day the
 * other is taken away.
 */
export class Layers {
  readonly problems: SettingsProblem[] = []
  private readonly keys: ReadonlyMap<string, KeySchema<unknown>>
  private readonly config: convict.Config<Settings>
  private readonly origins = new Map<string, string>()

  constructor(schema: ReturnType<typeof settingsSchema>) {
    this.keys = keysOf(schema)
    // Convict's own readers take "80abc" for 80 and any text but "false" for true, so it is given neither the
    // environment nor arguments: only values that the key's own kind has read.
    this.config = convict<Settings>(schema, { env: {}, args: [] })
  }

  take(candidate: Candidate): void {
    const kind = this.keys.get(candidate.key)?.kind
    if (kind === undefined) this.refuseKey(candidate)
    else if (!isLeftEmpty(candidate)) this.judge(candidate, kind)
  }

  /** Looks at the keys together. Those that already have a problem are left out: the rest could only mislead. */
  judgeBounds(): void {
    const wrong = new Set(this.problems.map(({ key }) => key))
    const judged = BOUNDS.filter((bound) => !wrong.has(bound.key) && !wrong.has(bound.atMost))
    for (const bound of judged) {
      if (isBroken(bound, (key) => this.valueOf(key) as number)) this.refuseBound(bound)
    }
    const settings = this.settings()
    for (const each of COMBINATIONS) {
      if (each.keys.every((key) => !wrong.has(key)) && each.isImpossible(settings)) this.refuseCombination(each)
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

  private judge(candidate: Candidate, kind: Kind): void {
    const value = read(candidate, kind)
    if (kind.holds(value) && (kind !== FOLDER || isFolder(value as string))) this.set(candidate, value)
    else this.refuse(candidate, value, kind.wanted)
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

  private refuse({ key, origin }: Candidate, found: unknown, wanted: string): void {
    this.problems.push({ key, found: this.found(key, found), wanted, origin })
  }

  private refuseKey(candidate: Candidate): void {
    const { key, written } = candidate
    const names = [...this.keys.keys()]
    const inside = names.filter((name) => name.startsWith(`${key}.`))
    const wanted = inside.length > 0 ? `keys inside it: ${inside.join(', ')}` : oneThatExists('a key', key, names)
    this.refuse(candidate, written.as === 'text' ? written.text : written.value, wanted)
  }

  private refuseBound({ key, atMost, because }: Bound): void {
    this.problems.push({
      key,
      found: shown(this.valueOf(key)),
      wanted: `at most ${atMost}, which is ${shown(this.valueOf(atMost))} (${this.originOf(atMost)}): ${because}`,
      origin: this.originOf(key),
    })
  }

  private refuseCombination({ keys: [key], wanted }: Combination): void {
    this.problems.push({ key, found: this.found(key, this.valueOf(key)), wanted, origin: this.originOf(key) })
  }

  private found(key: string, value: unknown): string {
    return this.keys.get(key)?.secret ? SECRET_SHOWN : shown(value)
  }
}
