import { workerProcessesContract } from '../contract/worker-processes.js'
import { FakeWorkers } from './fake-workers.js'

workerProcessesContract('FakeWorkers', () => {
  return new FakeWorkers((process, message) => {
    if (message.kind === 'heartbeat') process.say({ kind: 'alive', askedMs: message.askedMs })
    else if (message.kind === 'count') process.say({ kind: 'wanted', connection: message.query })
    else if (message.kind === 'drain') {
      process.say({ kind: 'shut' })
      process.endBy({ code: 0, signal: null })
    }
  })
})
