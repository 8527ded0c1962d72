/** Wires the supervisor, which accepts connections and hands them to worker processes. */
import { availableParallelism } from 'node:os'
import { LineForwarder } from '../../adapters/log/line-forwarder.js'
import { NetAcceptor } from '../../adapters/socket/handoff/net-acceptor.js'
import { CredentialFiles } from '../../adapters/tls/credential-files.js'
import { TicketKeys } from '../../adapters/tls/ticket-keys.js'
import { ForkedWorkers } from '../../adapters/workers/forked-workers.js'
import type { Configuration, LoadedConfiguration } from '../configuration.js'
import type { WiredService } from '../run.js'
import { Supervisor } from '../workers/supervisor.js'
import { containerFor } from './common.js'
import { CLOCK, EVENT_LOG, SINK } from './tokens.js'

/** The module that a worker process runs. */
const WORKER_MODULE = new URL('../workers/worker-main.js', import.meta.url)

/**
 * Wires a supervisor and its workers, for the command line.
 *
 * @param load reads the configuration again, for a reload
 */
export function wireSupervisor(configuration: Configuration, load: () => Promise<LoadedConfiguration>): WiredService {
  const container = containerFor(configuration.settings, null)
  const [clock, sink, log] = [container.get(CLOCK), container.get(SINK), container.get(EVENT_LOG)]
  const forwarder = new LineForwarder(sink)
  const processes = new ForkedWorkers(WORKER_MODULE, (output) => forwarder.forward(output))
  const machine = { cores: availableParallelism(), coloured: sink.isTerminal }
  const tls = { credentialSource: new CredentialFiles(), newTickets: (ms: number) => new TicketKeys(ms, clock) }
  const acceptor = new NetAcceptor()
  const service = new Supervisor({ ...configuration, load, clock, acceptor, processes, log, ...tls, ...machine })
  const closeLogs = async (): Promise<void> => {
    await forwarder.flush()
    await sink.close()
  }
  return { service, log, closeLogs }
}
