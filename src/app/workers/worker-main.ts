/** What a worker process runs: the supervisor forks this module and tells it all that it needs. */
import { endProcess } from '../wiring/process-end.js'
import { wireWorker } from '../wiring/worker.js'

// Ctrl-C and the end of a terminal reach the whole group; it is the supervisor who tells what follows from that.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined)

// Nobody need listen on the other end.
process.stderr.on('error', () => undefined)

const worker = wireWorker()
process.on('SIGTERM', () => worker.drain())
await endProcess(await worker.live())
