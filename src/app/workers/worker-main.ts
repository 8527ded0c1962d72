/** The main module of a worker process. The supervisor forks it and sends its configuration. */
import { endProcess } from '../wiring/process-end.js'
import { wireWorker } from '../wiring/worker.js'

// Ctrl-C and the end of the terminal reach every process of the group; only the supervisor acts on them.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined)

// The reader of standard error may be gone; the worker goes on without it.
process.stderr.on('error', () => undefined)

const worker = wireWorker()
process.on('SIGTERM', () => worker.drain())
await endProcess(await worker.live())
