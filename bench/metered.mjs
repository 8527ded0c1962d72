/** Measures who uses the cores during a load: the server, the load generator, or other processes. */
import { endedChildrenSeconds, machineSeconds, processorTimeNs } from './process-facts.mjs'

/**
 * @param work generates load with programs that have ended when it resolves; other children of this process are servers
 * @returns a promise of the result of `work`, with `processor`: the seconds that each has used
 */
export async function metered(server, work) {
  const before = account(server)
  const result = await work()
  const after = account(server)
  const seconds = (what) => after[what] - before[what]
  const [serverSeconds, loadSeconds] = [seconds('server'), seconds('load')]
  return {
    ...result,
    processor: {
      elapsedSeconds: seconds('elapsed'),
      serverSeconds,
      loadSeconds,
      otherSeconds: seconds('machine') - serverSeconds - loadSeconds,
    },
  }
}

function account({ pid }) {
  const own = process.cpuUsage()
  return {
    elapsed: performance.now() / 1000,
    server: processorTimeNs(pid) / 1e9,
    load: endedChildrenSeconds() + (own.user + own.system) / 1e6,
    machine: machineSeconds(),
  }
}
