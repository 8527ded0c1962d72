/** Binds the listeners of a server: plain HTTP, HTTPS and admin. */
import type { Container } from 'inversify'
import type { EpollTools } from '../../adapters/socket/epoll/epoll-parts.js'
import { SharedBuffers } from '../../adapters/socket/epoll/shared-buffers.js'
import { loadSystemCalls } from '../../adapters/socket/epoll/system-calls.js'
import { PlainSetup, transportOptions, type ConnectionSetup } from '../../adapters/socket/net/connection-setup.js'
import { lend } from '../../adapters/socket/net/lent-reads.js'
import { NetTransport, deliverOctets } from '../../adapters/socket/net/net-transport.js'
import { Handshakes } from '../../adapters/tls/handshakes.js'
import { TicketKeys } from '../../adapters/tls/ticket-keys.js'
import { TlsListener } from '../../adapters/tls/tls-listener.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { TicketSeed } from '../../ports/operations/credentials.js'
import type { Metrics } from '../../ports/operations/metrics.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { SocketKind } from '../../ports/serving/sockets.js'
import type { Listener, ListenerName, SecureListener } from '../../ports/serving/transport.js'
import type { TlsMaterial } from '../../ports/workers/worker-processes.js'
import { ADMIN_LISTENER, CLOCK, LISTENER, METRICS, SECURE_LISTENER, SETTINGS } from './tokens.js'

/** Makes a process's listeners: they accept connections themselves, or receive them from the supervisor. */
export interface ListenerFactories {
  /** @param setup makes a plain or a TLS transport of each accepted socket */
  net(setup: ConnectionSetup, name: ListenerName): Listener
  epoll(name: ListenerName): Listener
}

/** Credentials and session tickets for HTTPS; the tickets are `null` in a single process, which shares them with no other. */
type HttpsMaterial = Pick<TlsMaterial, 'credentials'> & { readonly tickets: TicketSeed | null }

/**
 * Binds the plain, the admin and the HTTPS listener. Only plain connections can use epoll: Node's TLS needs its own sockets.
 *
 * @param tls `null` without HTTPS
 */
export function bindListeners(
  container: Container,
  factories: ListenerFactories,
  kind: SocketKind,
  tls: HttpsMaterial | null,
): void {
  const { writeChunkSize } = container.get(SETTINGS)
  const plain = (name: ListenerName): Listener =>
    kind === 'epoll' ? factories.epoll(name) : factories.net(new PlainSetup(writeChunkSize), name)
  container.bind(LISTENER).toResolvedValue(() => plain('http'))
  container
    .bind(ADMIN_LISTENER)
    .toResolvedValue(({ admin }: Settings) => (admin.listener === 'separate' ? plain('admin') : null), [SETTINGS])
  container.bind(SECURE_LISTENER).toResolvedValue(
    (settings: Settings, clock: Clock, metrics: Metrics): SecureListener | null => {
      if (tls === null) return null
      const handshakes = handshakesOf(settings, clock, metrics, tls)
      return new TlsListener(factories.net(handshakes, 'https'), handshakes)
    },
    [SETTINGS, CLOCK, METRICS],
  )
}

/** Makes what epoll listeners share: the system calls and the read buffers. */
export function epollTools({ readChunkSize, writeChunkSize, selectTimeoutMs }: Settings): EpollTools {
  const { calls } = loadSystemCalls()
  return { calls, buffers: new SharedBuffers(readChunkSize), highWaterMark: writeChunkSize, selectTimeoutMs }
}

function handshakesOf(settings: Settings, clock: Clock, metrics: Metrics, material: HttpsMaterial): Handshakes {
  const { tls, readChunkSize, writeChunkSize } = settings
  const options = transportOptions(writeChunkSize)
  return new Handshakes({
    settings: tls,
    clock,
    metrics,
    tickets: new TicketKeys(tls.ticketLifetimeMs, clock, material.tickets),
    credentials: material.credentials,
    onread: lend(readChunkSize, deliverOctets),
    transport: (socket, raw, security) => new NetTransport(socket, options, raw, security),
    receive: deliverOctets,
  })
}
