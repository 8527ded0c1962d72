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

/** The settings of a server, with the files and the sockets that they ask for. */
export interface Configuration {
  readonly settings: Settings
  /** `null` without HTTPS. */
  readonly credentials: Credentials | null
  readonly socket: SocketChoice
}

export type LoadedConfiguration =
  | (Configuration & { readonly effective: readonly EffectiveSetting[] })
  | { readonly problems: readonly SettingsProblem[] }

/** The sources of a configuration. */
export interface ConfigurationSources {
  readonly settings: Pick<SettingsSource, 'load'>
  readonly credentials: Pick<CredentialSource, 'load'>
  readonly tryEpoll: CheckEpoll
}

/** A problem with a file or the sockets that the settings ask for. */
type Problem = Omit<SettingsProblem, 'origin'>

/**
 * Loads the settings, then reads the certificates that they name and chooses the sockets.
 *
 * @returns every problem with any of these at once, or the configuration
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

/** Why `auto` did not choose epoll; `null` where it did, or where the settings name the sockets. */
export function epollProblem({ settings, socket: { kind, reason } }: Configuration): string | null {
  return settings.socket === 'auto' && kind === 'net' ? reason : null
}

/** Logs that `auto` did not choose epoll. */
export function logSocketChoice(log: EventLog, configuration: Configuration): void {
  const reason = epollProblem(configuration)
  if (reason !== null) log.info('epoll unavailable', { reason, socket: configuration.socket.kind })
}

function readCredentials(
  credentials: ConfigurationSources['credentials'],
  tls: TlsSettings,
): Promise<LoadedCredentials | { readonly credentials: null }> {
  return tls.enabled ? credentials.load(tls) : Promise.resolve({ credentials: null })
}

async function chooseSocket(wanted: Settings['socket'], tryEpoll: CheckEpoll): Promise<SocketChoice | Problem> {
  if (wanted === 'net') return { kind: 'net', reason: 'the settings say so' }
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
