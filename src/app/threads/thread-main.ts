/** What a handler thread runs. */
import { parentPort, workerData } from 'node:worker_threads'
import { AnswerRing } from '../../domain/threadpool/answer-ring.js'
import { Claims } from '../../domain/threadpool/claims.js'
import type { CrossedPart, ThreadData, ToThread } from '../../ports/threads/thread-messages.js'
import { HandlerThread } from './handler-thread.js'

const port = parentPort!
const { seed, settings, parts } = workerData as ThreadData

const thread = new HandlerThread({
  ...seed,
  claims: new Claims(seed.claims),
  answers: new AnswerRing(seed.answers),
  settings,
  plugins: await made(parts.plugins),
  files: await made(parts.files),
  clock: await made(parts.clock),
  meter: await made(parts.meter),
  tracing: await made(parts.tracing),
  post: (batch, transfer) => port.postMessage(batch, transfer),
})

port.on('message', (batch: readonly ToThread[]) => thread.receive(batch))
// A handler that ends its thread loses its own answer, not those that were ready.
process.on('exit', () => thread.flush())
await thread.start()

async function made<Port>({ module, name }: CrossedPart<Port>): Promise<Port> {
  const exported = (await import(module)) as Readonly<Record<string, new () => Port>>
  return new exported[name]!()
}
