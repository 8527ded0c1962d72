import { spawn } from 'node:child_process'

/**
 * A shell that waits for the end of its input, which comes with the end of this process however that ends, and then for
 * the worker's. Each second it looks whether the worker is there, so that no other process has its number meanwhile.
 */
const SCRIPT = `
read -r _
left=$2
while [ "$left" -gt 0 ]; do
  kill -0 "$1" || exit
  sleep 1
  left=$((left - 1))
done
kill -KILL "$1"
`

/**
 * Ends a worker process that outlives this one for too long: one that spins does not notice that it is alone.
 *
 * The shell takes 0.1 MB of memory of its own, where a thread in each worker that watches its parent would take 8 MB.
 * Without a shell nobody watches.
 *
 * @param longestMs how long the worker may outlive this process, rounded up to seconds
 * @returns a call that ends the watch: the worker is gone
 */
export function watchOrphan(pid: number, longestMs: number): () => void {
  const seconds = Math.ceil(longestMs / 1000)
  // In a session of its own: Ctrl-C is not for it.
  const shell = spawn('sh', ['-c', SCRIPT, 'sh', String(pid), String(seconds)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  return () => void shell.kill('SIGKILL')
}
