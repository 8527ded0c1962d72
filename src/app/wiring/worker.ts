/** Wires a worker process. It receives its settings and its connections from the supervisor. */
import { SystemClock } from '../../adapters/clock/system-clock.js'
import { DescriptorAdopter } from '../../adapters/socket/handoff/descriptor-adopter.js'
import { handedConnection } from '../../adapters/socket/handoff/handed-connection.js'
import { HandedListener, type ConnectionAdopter } from '../../adapters/socket/handoff/handed-listener.js'
import { SocketAdopter } from '../../adapters/socket/handoff/socket-adopter.js'
import type { ConnectionSetup } from '../../adapters/socket/net/connection-setup.js'
import { ParentChannel } from '../../adapters/workers/parent-channel.js'
import type { Credentials } from '../../ports/operations/credentials.js'
import type { Listener, ListenerName } from '../../ports/serving/transport.js'
import type { WorkerConfiguration } from '../../ports/workers/worker-processes.js'
import { logStrayErrors } from '../stray-errors.js'
import type { ConnectionReceiver } from '../workers/connection-receiver.js'
import type { SupervisedGroup } from '../workers/supervised-group.js'
import { Worker, type WorkerService } from '../workers/worker.js'
import { containerFor } from './common.js'
import { bindListeners, epollTools, type ListenerFactories } from './listener-bindings.js'
import { wireServer } from './server-bindings.js'
import { METRICS, SECURE_LISTENER, WORKER_GROUP } from './tokens.js'

/** Wires a worker; its server is wired when the supervisor has sent the configuration. */
export function wireWorker(): Worker {
  return new Worker(new ParentChannel(handedConnection), new SystemClock(), wireWorkerService)
}

function wireWorkerService(
  configuration: WorkerConfiguration,
  receiver: ConnectionReceiver,
  group: SupervisedGroup,
): WorkerService {
  const { settings, socket, tlsMaterial } = configuration
  const container = containerFor(settings, configuration)
  container.bind(WORKER_GROUP).toConstantValue(group)
  bindListeners(container, handedListeners(configuration, receiver), socket.kind, tlsMaterial)
  const { server, log, closeLogs } = wireServer(container)
  logStrayErrors(log)
  const [metrics, listener] = [container.get(METRICS), container.get(SECURE_LISTENER)]
  const renew = (credentials: Credentials): void => {
    if (listener !== null) listener.credentials = credentials
  }
  return { server, counts: () => metrics.counts(), renew, closeLogs }
}

/** Makes listeners that receive connections which the supervisor accepted. */
function handedListeners({ settings }: WorkerConfiguration, receiver: ConnectionReceiver): ListenerFactories {
  const handed = (adopter: ConnectionAdopter, name: ListenerName): Listener =>
    new HandedListener(adopter, receiver.at(name))
  return {
    net: (setup: ConnectionSetup, name) => handed(new SocketAdopter(settings.readChunkSize, setup), name),
    epoll: (name) => handed(new DescriptorAdopter(epollTools(settings)), name),
  }
}
