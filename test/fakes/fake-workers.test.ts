import { workerProcessesContract } from '../contract/worker-processes.js'
import { FakeConnection } from './fake-acceptor.js'
import { FakeWorkers } from './fake-workers.js'

const make = (): FakeWorkers =>
  new FakeWorkers((process, message, connection) => {
    if (message.kind === 'heartbeat') process.say({ kind: 'alive', askedMs: message.askedMs })
    else if (message.kind === 'count') process.say({ kind: 'wanted', connection: message.query })
    else if (message.kind === 'connection' && connection !== null) {
      process.say({ kind: 'taken', connection: message.connection })
    } else if (message.kind === 'drain') {
      process.say({ kind: 'shut' })
      process.endBy({ code: 0, signal: null })
    }
  })

workerProcessesContract('FakeWorkers', make, async () => new FakeConnection())
