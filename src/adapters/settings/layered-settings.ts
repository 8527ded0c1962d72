import { dirname, resolve } from 'node:path'
import type {
  GivenSetting,
  LoadedSettings,
  SettingsKey,
  SettingsProblem,
  SettingsRequest,
  SettingsSource,
} from '../../ports/operations/settings.js'
import { readConfigurationFile, UnusableFile } from './configuration-file.js'
import { isTable } from './kinds.js'
import { type Candidate, Layers } from './layers.js'
import { oneThatExists } from './nearest.js'
import { type KeySchema, keysOf, settingsSchema } from './schema.js'

type Environment = SettingsRequest['environment']

const PREFIX = 'PORTICO_'

/** What Kubernetes puts into every container near a service called "portico"; nobody means it for us. */
const SERVICE_LINK =
  /^PORTICO_(?:SERVICE_(?:HOST|PORT)(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/

/**
 * The settings, from four layers: the given ones, the environment, a file, the defaults.
 *
 * Everything that somebody wrote becomes a list of candidates, weakest first; `Layers` judges them one by one and keeps
 * the last good one of each key.
 */
export class LayeredSettings implements SettingsSource {
  readonly keys: readonly SettingsKey[]
  private readonly schema: ReturnType<typeof settingsSchema>
  private readonly byVariable: ReadonlyMap<string, string>

  /**
   * @param surroundings whether standard output is a terminal, and the absolute folder that relative paths in flags and
   *   the environment start from
   */
  constructor(private readonly surroundings: { readonly terminal: boolean; readonly workingDirectory: string }) {
    this.schema = settingsSchema(surroundings.terminal)
    this.keys = [...keysOf(this.schema)].map(([key, schema]) => describe(key, schema))
    this.byVariable = new Map(this.keys.map(({ key, environment }) => [environment, key]))
  }

  async load(request: SettingsRequest): Promise<LoadedSettings> {
    const layers = new Layers(this.schema)
    for (const candidate of await this.fromFile(request.configFile, layers.problems)) layers.take(candidate)
    for (const candidate of this.fromEnvironment(request.environment)) layers.take(candidate)
    for (const given of request.given) layers.take(this.fromText(given))
    layers.judgeBounds()
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

  /** The values of a file under dotted keys; below a key that takes a table, nothing is a key. */
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

  /** Variables with our prefix that name no key: a slip would otherwise be a setting that silently does nothing. */
  private unknownVariables(environment: Environment): SettingsProblem[] {
    const names = [...this.byVariable.keys()]
    const unknown = setVariables(environment).filter(([name]) => isOurs(name) && !this.byVariable.has(name))
    return unknown.map(([name, text]) => ({
      key: name,
      found: JSON.stringify(text),
      wanted: oneThatExists('a variable', name, names),
      origin: `environment ${name}`,
    }))
  }
}

/** An empty variable counts as unset: shells and container files have no other way to take one back. */
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
