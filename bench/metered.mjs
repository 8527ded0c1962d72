/** Who took the processors while a load ran: the server, the load, or others on the machine. */
import { endedChildrenSeconds, machineSeconds, processorTimeNs } from './process-facts.mjs'

/**
 * @param work makes load by programs that have ended when it is done; beside them only servers run
 * @returns a promise of what `work` gives, and under `processor` the seconds that each took
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
