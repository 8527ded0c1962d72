/** Reads a monotonic clock in milliseconds. It is the same in all threads of a process. */
export function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6
}
