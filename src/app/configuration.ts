import type { Credentials, CredentialSource } from '../ports/credentials.js'
import type {
  EffectiveSetting,
  LoadedSettings,
  Settings,
  SettingsProblem,
  SettingsRequest,
  SettingsSource,
} from '../ports/settings.js'

/** What a server is run by. */
export interface Configuration {
  readonly settings: Settings
  /** `null` without HTTPS. */
  readonly credentials: Credentials | null
}

export type LoadedConfiguration =
  | (Configuration & { readonly effective: readonly EffectiveSetting[] })
  | { readonly problems: readonly SettingsProblem[] }

/** The settings, and the files that they name. What is wrong with either is a problem, and all problems come at once. */
export async function loadConfiguration(
  settings: Pick<SettingsSource, 'load'>,
  credentials: CredentialSource,
  request: SettingsRequest,
): Promise<LoadedConfiguration> {
  const loaded = await settings.load(request)
  if ('problems' in loaded) return loaded
  if (!loaded.settings.tls.enabled) return { ...loaded, credentials: null }
  const read = await credentials.load(loaded.settings.tls)
  if ('credentials' in read) return { ...loaded, credentials: read.credentials }
  return { problems: read.problems.map((problem) => ({ ...problem, origin: originOf(problem.key, loaded.effective) })) }
}

type Effective = Exclude<LoadedSettings, { problems: unknown }>['effective']

const originOf = (key: string, effective: Effective): string =>
  effective.find((each) => each.key === key)?.origin ?? 'default'
