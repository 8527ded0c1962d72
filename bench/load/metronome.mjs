/**
 * A thread that notifies its parent when requests are due. Each message is the number of requests due so far.
 *
 * Timers of an event loop have a resolution of a millisecond, which would dominate the measured latencies. A thread
 * that sleeps in `Atomics.wait` wakes up within about 0.1 ms.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { monotonicMs } from './monotonic.mjs'

const { startMs, offsetsMs } = workerData
const never = new Int32Array(new SharedArrayBuffer(4))

for (let due = 0; due < offsetsMs.length;) {
  const leftMs = startMs + offsetsMs[due] - monotonicMs()
  if (leftMs > 0) Atomics.wait(never, 0, 0, leftMs)
  const before = due
  while (due < offsetsMs.length && startMs + offsetsMs[due] <= monotonicMs()) due++
  if (due > before) parentPort.postMessage(due)
}
