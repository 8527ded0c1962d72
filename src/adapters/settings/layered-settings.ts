import { dirname, resolve } from 'node:path'
import type {
  GivenSetting,
  LoadedSettings,
  SettingsKey,
  SettingsProblem,
  SettingsRequest,
  SettingsSource,
} from '../../ports/operations/settings.js'
import { readConfigurationFile } from './configuration-file.js'
import { isTable } from './kinds.js'
import { type Candidate, Layers } from './layers.js'
import { existing } from './nearest.js'
import { type KeySchema, keysOf } from './key-schema.js'
import { settingsSchema } from './schema.js'
import { UnusableFile } from './unusable-file.js'

type Environment = SettingsRequest['environment']

const PREFIX = 'PORTICO_'

/** Variables that Kubernetes sets in every container beside a service called "portico". They are not meant for us. */
const SERVICE_LINK =
  /^PORTICO_(?:SERVICE_(?:HOST|PORT)(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/

/**
 * Loads the settings from four sources: the command line, the environment, a file, the defaults.
 *
 * Every value of a source becomes a candidate, in the order from the weakest source to the strongest. `Layers` checks
 * each candidate and keeps the last valid value of each key.
 */
export class LayeredSettings implements SettingsSource {
  readonly keys: readonly SettingsKey[]
  private readonly schema: ReturnType<typeof settingsSchema>
  private readonly byVariable: ReadonlyMap<string, string>

  /**
   * @param surroundings whether standard output is a terminal, and the absolute folder against which relative paths of
   *   flags and the environment are resolved
   */
  constructor(private readonly surroundings: { readonly terminal: boolean; readonly workingDirectory: string }) {
    this.schema = settingsSchema(surroundings.terminal)
    this.keys = [...keysOf(this.schema)].map(([key, schema]) => describe(key, schema))
    this.byVariable = new Map(this.keys.map(({ key, environment }) => [environment, key]))
  }

  async load(request: SettingsRequest): Promise<LoadedSettings> {
    const layers = new Layers(this.schema)
    for (const candidate of await this.fromFile(request.configFile, layers.problems)) layers.add(candidate)
    for (const candidate of this.fromEnvironment(request.environment)) layers.add(candidate)
    for (const given of request.given) layers.add(this.fromText(given))
    layers.checkTogether()
    const problems = [...layers.problems, ...this.unknownVariables(request.environment)]
    return problems.length > 0 ? { problems } : { settings: layers.settings(), effective: layers.effective() }
  }

  private async fromFile(configFile: string | null, problems: SettingsProblem[]): Promise<readonly Candidate[]> {
    if (configFile === null) return []
    const path = resolve(this.surroundings.workingDirectory, configFile)
    try {
      const content = await readConfigurationFile(path)
      return [...this.leaves(content, '', { origin: `file ${configFile}`, folder: dirname(path), adds: false })]
    } catch (error) {
      if (!(error instanceof UnusableFile)) throw error
      problems.push({ key: configFile, found: error.found, wanted: error.wanted, origin: 'flag --config' })
      return []
    }
  }

  /** Lists the values of a file by dotted key. The content of a key whose value is a table is not searched for keys. */
  private *leaves(
    table: Readonly<Record<string, unknown>>,
    prefix: string,
    from: Pick<Candidate, 'origin' | 'folder' | 'adds'>,
  ): Iterable<Candidate> {
    for (const [name, value] of Object.entries(table)) {
      const key = prefix + name
      if (!this.isGroup(key)) yield { key, written: { as: 'value', value }, ...from }
      else if (isTable(value)) yield* this.leaves(value, `${key}.`, from)
      else if (value !== null) yield { key, written: { as: 'value', value }, ...from }
    }
  }

  private isGroup(key: string): boolean {
    return this.keys.some((each) => each.key.startsWith(`${key}.`))
  }

  private *fromEnvironment(environment: Environment): Iterable<Candidate> {
    for (const [name, text] of setVariables(environment)) {
      const key = this.byVariable.get(name)
      if (key !== undefined) yield this.fromText({ key, text, origin: `environment ${name}`, adds: false })
    }
  }

  private fromText({ key, text, origin, adds }: GivenSetting): Candidate {
    return { key, written: { as: 'text', text }, origin, folder: this.surroundings.workingDirectory, adds }
  }

  /** Reports variables with our prefix that belong to no key: a misspelled one would be ignored silently otherwise. */
  private unknownVariables(environment: Environment): SettingsProblem[] {
    const names = [...this.byVariable.keys()]
    const unknown = setVariables(environment).filter(([name]) => isOurs(name) && !this.byVariable.has(name))
    return unknown.map(([name, text]) => ({
      key: name,
      found: JSON.stringify(text),
      wanted: existing('a variable', name, names),
      origin: `environment ${name}`,
    }))
  }
}

/** An empty variable counts as unset, because container files have no other way to unset one. */
const setVariables = (environment: Environment): [name: string, text: string][] =>
  Object.entries(environment).flatMap(([name, text = '']) => (text === '' ? [] : [[name, text]]))

const isOurs = (name: string): boolean => name.startsWith(PREFIX) && !SERVICE_LINK.test(name)

function describe(key: string, schema: KeySchema<unknown>): SettingsKey {
  return {
    key,
    meaning: schema.doc,
    environment: schema.env,
    default: schema.defaultText ?? String(schema.default),
    wanted: schema.kind.wanted,
    flag: schema.flag ?? null,
  }
}
