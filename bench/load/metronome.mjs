/**
 * A thread that tells its parent when requests are due, by how many are so far.
 *
 * Timers of an event loop are whole milliseconds apart, which would be the largest part of what is measured; a thread
 * that sleeps in a wait of its own is woken within some 0.1 ms.
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
