import type { Credentials, CredentialSource, LoadedCredentials } from '../ports/operations/credentials.js'
import type { EventLog } from '../ports/operations/event-log.js'
import type {
  EffectiveSetting,
  Settings,
  SettingsProblem,
  SettingsRequest,
  SettingsSource,
  TlsSettings,
} from '../ports/operations/settings.js'
import type { SocketChoice, CheckEpoll } from '../ports/serving/sockets.js'
import { messageOf } from './message-of.js'

/** What a server is run by. */
export interface Configuration {
  readonly settings: Settings
  /** `null` without HTTPS. */
  readonly credentials: Credentials | null
  readonly socket: SocketChoice
}

export type LoadedConfiguration =
  | (Configuration & { readonly effective: readonly EffectiveSetting[] })
  | { readonly problems: readonly SettingsProblem[] }

/** Where a configuration comes from. */
export interface ConfigurationSources {
  readonly settings: Pick<SettingsSource, 'load'>
  readonly credentials: Pick<CredentialSource, 'load'>
  readonly tryEpoll: CheckEpoll
}

/** What is wrong with something else than the settings themselves. */
type Problem = Omit<SettingsProblem, 'origin'>

/**
 * The settings, the files that they name, and the sockets that they ask for. What is wrong with any of them is a problem,
 * and all problems come at once.
 */
export async function loadConfiguration(
  { settings, credentials, tryEpoll }: ConfigurationSources,
  request: SettingsRequest,
): Promise<LoadedConfiguration> {
  const loaded = await settings.load(request)
  if ('problems' in loaded) return loaded
  const read = await readCredentials(credentials, loaded.settings.tls)
  const chosen = await chooseSocket(loaded.settings.socket, tryEpoll)
  if ('credentials' in read && 'kind' in chosen) {
    return { ...loaded, credentials: read.credentials, socket: chosen, effective: withSocket(loaded.effective, chosen) }
  }
  const problems = [...('problems' in read ? read.problems : []), ...('kind' in chosen ? [] : [chosen])]
  return { problems: problems.map((problem) => ({ ...problem, origin: originOf(problem.key, loaded.effective) })) }
}

/** One line where the sockets are not those that would be the best. */
export function logSocketChoice(log: EventLog, { settings, socket: { kind, reason } }: Configuration): void {
  if (settings.socket === 'auto' && kind === 'net') log.info('epoll sockets cannot be had', { reason, socket: kind })
}

function readCredentials(
  credentials: ConfigurationSources['credentials'],
  tls: TlsSettings,
): Promise<LoadedCredentials | { readonly credentials: null }> {
  return tls.enabled ? credentials.load(tls) : Promise.resolve({ credentials: null })
}

async function chooseSocket(wanted: Settings['socket'], tryEpoll: CheckEpoll): Promise<SocketChoice | Problem> {
  if (wanted === 'net') return { kind: 'net', reason: 'it is set so' }
  try {
    return { kind: 'epoll', reason: `${await tryEpoll()} makes its system calls` }
  } catch (error) {
    if (wanted === 'auto') return { kind: 'net', reason: messageOf(error) }
    return { key: 'socket', found: 'epoll', wanted: `net or auto, since ${messageOf(error)}` }
  }
}

function withSocket(effective: readonly EffectiveSetting[], { kind, reason }: SocketChoice): EffectiveSetting[] {
  const inUse = `${kind}, since ${reason}`
  return effective.map((each) => (each.key === 'socket' && each.value !== 'net' ? { ...each, inUse } : each))
}

const originOf = (key: string, effective: readonly EffectiveSetting[]): string =>
  effective.find((each) => each.key === key)?.origin ?? 'default'
