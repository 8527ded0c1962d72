import { spawn } from 'node:child_process'

/**
 * Waits for the end of its input, which comes when this process ends for whatever reason, and then gives the worker some
 * seconds to end. It checks the worker each second, so that it never kills another process that got the same pid.
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
 * Kills a worker process that outlives this process for too long: a worker whose event loop is blocked does not notice
 * that its supervisor has died.
 *
 * Each watch is a shell of 0.1 MB; a watching thread in each worker would take 8 MB. Without `sh` there is no watch.
 *
 * @param timeoutMs how long the worker may outlive this process, rounded up to seconds
 * @returns stops the watch, after the worker has ended
 */
export function watchOrphan(pid: number, timeoutMs: number): () => void {
  const seconds = Math.ceil(timeoutMs / 1000)
  // In a session of its own, so that Ctrl-C does not end the watch.
  const shell = spawn('sh', ['-c', SCRIPT, 'sh', String(pid), String(seconds)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  return () => void shell.kill('SIGKILL')
}
