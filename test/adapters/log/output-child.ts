import { SystemClock } from '../../../src/adapters/clock/system-clock.js'
import { openOutput } from '../../../src/adapters/log/output.js'
import { Sink } from '../../../src/adapters/log/sink.js'

/**
 * A process that logs to its standard output: as many lines as the first argument says, of a kibibyte each, half of
 * them written at once and half a moment later. Then it closes the sink, and tells on standard error how many lines
 * were dropped and how late the event loop was at most, as JSON.
 */
const clock = new SystemClock()
const LINES = Number(process.argv[2])
const sink = new Sink(openOutput(1), clock)
let dropped = 0
let latestMs = 0
let expectedMs = clock.now() + 10
const ticks = setInterval(() => {
  latestMs = Math.max(latestMs, clock.now() - expectedMs)
  expectedMs = clock.now() + 10
}, 10)

function logLines(from: number, to: number): void {
  for (let i = from; i < to; i++) if (!sink.append(String(i).padEnd(1023, '.') + '\n')) dropped++
}

logLines(0, LINES / 2)
await new Promise((resolve) => setTimeout(resolve, 200))
logLines(LINES / 2, LINES)
clearInterval(ticks)
await sink.close()
process.stderr.write(JSON.stringify({ dropped, latestMs }))
