import { threadsEnded } from '../../adapters/engine/threadpool/worker-thread.js'

/** Longer than any thread takes to end that is able to end. */
const THREADS_END_MS = 500

/**
 * Ends this process with an exit code.
 *
 * Node waits for all threads before it exits. A thread that is stuck in a system call never ends; then this process kills
 * itself, and the exit code is lost.
 */
export async function endProcess(code: number): Promise<never> {
  if (!(await threadsEnded(THREADS_END_MS))) process.kill(process.pid, 'SIGKILL')
  return process.exit(code)
}
