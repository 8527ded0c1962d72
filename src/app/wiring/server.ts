/** Wires the server of a single process, without a supervisor. */
import type { Container } from 'inversify'
import type { ConnectionSetup } from '../../adapters/socket/net/connection-setup.js'
import { EpollListener } from '../../adapters/socket/epoll/epoll-listener.js'
import { NetListener } from '../../adapters/socket/net/net-listener.js'
import { CredentialFiles } from '../../adapters/tls/credential-files.js'
import type { Credentials } from '../../ports/operations/credentials.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { SocketChoice } from '../../ports/serving/sockets.js'
import type { PluginRoute } from '../../ports/plugins/plugin-source.js'
import { logSocketChoice, type Configuration } from '../configuration.js'
import type { WiredService } from '../run.js'
import { CertificateRenewal } from '../server/certificate-renewal.js'
import { singleProcess, type RenewalControl } from '../server/single-process.js'
import { singleProcessGroup } from '../workers/single-process-group.js'
import { containerFor } from './common.js'
import { bindListeners, epollTools } from './listener-bindings.js'
import { wireServer, type WiredServer } from './server-bindings.js'
import { CLOCK, EVENT_LOG, SECURE_LISTENER, WORKER_GROUP } from './tokens.js'

/** A wired server that is the only process of its service. */
export interface WiredSingleProcess extends WiredServer {
  /** `null` without HTTPS. */
  readonly renewal: RenewalControl | null
}

/** Wires a server that serves in this process, for a program that embeds it. */
export function wireSingleProcess(configuration: Configuration): WiredSingleProcess {
  const { settings, credentials, socket } = configuration
  const container = containerFor(settings, null)
  container.bind(WORKER_GROUP).toConstantValue(singleProcessGroup(() => renewal?.counts ?? { done: 0, refused: 0 }))
  const factories = {
    net: (setup: ConnectionSetup) => new NetListener(settings.readChunkSize, setup),
    epoll: () => new EpollListener(epollTools(settings)),
  }
  bindListeners(container, factories, socket.kind, credentials && { credentials, tickets: null })
  const wired = wireServer(container)
  logSocketChoice(wired.log, configuration)
  const renewal = renewalOf(container)
  const begin = (): void => renewal?.begin(settings.tls, credentials!)
  const control = renewal && { begin, renew: () => renewal.renew(), stop: () => renewal.stop() }
  return { ...wired, renewal: control }
}

/** Wires a server that serves in this process, for the command line. */
export function wireService(configuration: Configuration): WiredService {
  const { server, renewal, log, closeLogs } = wireSingleProcess(configuration)
  return { service: singleProcess(server, renewal, log, configuration.socket.kind), log, closeLogs }
}

/**
 * Lists the routes that a server with these settings would have.
 *
 * @throws {Error} when a plugin is broken
 */
export function listRoutes(settings: Settings): Promise<readonly PluginRoute[]> {
  const silent: Settings = { ...settings, log: { ...settings.log, level: 'silent', access: false } }
  const socket: SocketChoice = { kind: 'net', reason: 'nothing listens' }
  return wireSingleProcess({ settings: silent, credentials: null, socket }).server.routes()
}

function renewalOf(container: Container): CertificateRenewal | null {
  const listener = container.get(SECURE_LISTENER)
  if (listener === null) return null
  const [clock, log] = [container.get(CLOCK), container.get(EVENT_LOG)]
  const use = (credentials: Credentials): void => {
    listener.credentials = credentials
  }
  return new CertificateRenewal({ source: new CredentialFiles(), clock, log, use })
}
