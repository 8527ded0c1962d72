/** `node computing.mjs TURNS SECONDS`: does the work of the computing route without a server; prints JSON. */
import { compute } from '../compute.mjs'

const WARM_SECONDS = 0.5

const [turns, seconds] = process.argv.slice(2).map(Number)
computeFor(WARM_SECONDS)
process.stdout.write(JSON.stringify(computeFor(seconds)))

function computeFor(wantedSeconds) {
  const begunMs = performance.now()
  const elapsed = () => (performance.now() - begunMs) / 1000
  let computed = 0
  for (; elapsed() < wantedSeconds; computed++) compute(turns)
  return { computed, seconds: elapsed() }
}
