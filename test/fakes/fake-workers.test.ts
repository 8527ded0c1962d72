import { workerProcessesContract } from '../contract/worker-processes.js'
import { FakeConnection } from './fake-acceptor.js'
import { FakeWorkers } from './fake-workers.js'

const make = (): FakeWorkers =>
  new FakeWorkers((process, message, connection) => {
    if (message.kind === 'heartbeat') process.emit({ kind: 'alive', sentMs: message.sentMs })
    else if (message.kind === 'count') process.emit({ kind: 'claim', connection: message.query })
    else if (message.kind === 'connection' && connection !== null) {
      process.emit({ kind: 'accepted', connection: message.connection })
    } else if (message.kind === 'drain') {
      process.emit({ kind: 'close' })
      process.endBy({ code: 0, signal: null })
    }
  })

workerProcessesContract('FakeWorkers', make, async () => new FakeConnection())
