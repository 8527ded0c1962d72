/** Milliseconds that never go back, the same in all threads of a process. */
export function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6
}
