/** The module that a handler thread runs. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadData, ToThread } from '../../ports/threads/thread-messages.js'
import { wireThread } from '../wiring/thread.js'

const port = parentPort!
const thread = wireThread(workerData as ThreadData, (batch, transfer) => port.postMessage(batch, transfer))

port.on('message', (batch: readonly ToThread[]) => thread.receive(batch))
// A handler that calls `process.exit()` loses its own answer, but not the answers that were ready.
process.on('exit', () => thread.flush())
await thread.start()
