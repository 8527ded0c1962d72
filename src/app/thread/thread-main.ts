/** What a handler thread runs. */
import { parentPort, workerData } from 'node:worker_threads'
import { Claims } from '../../domain/crossing/claims.js'
import type { Clock } from '../../ports/clock.js'
import type { CrossedPart, ThreadOrders, ToThread } from '../../ports/crossing.js'
import type { Files } from '../../ports/files.js'
import type { PluginSource } from '../../ports/plugins.js'
import { HandlerThread, type MemoryMeter } from './handler-thread.js'

const port = parentPort!
const { seed, settings, parts } = workerData as ThreadOrders

const thread = new HandlerThread({
  ...seed,
  claims: new Claims(seed.claims),
  settings,
  plugins: await made<PluginSource>(parts.plugins),
  files: await made<Files>(parts.files),
  clock: await made<Clock>(parts.clock),
  memory: await made<MemoryMeter>(parts.memory),
  post: (batch, transfer) => port.postMessage(batch, transfer),
})

port.on('message', (batch: readonly ToThread[]) => thread.receive(batch))
// A handler that ends its thread loses its own answer, not those that were ready.
process.on('exit', () => thread.flush())
await thread.start()

async function made<Port>({ module, name }: CrossedPart): Promise<Port> {
  const exported = (await import(module)) as Readonly<Record<string, new () => Port>>
  return new exported[name]!()
}
