/** A worker process for the contract of those who start them: it echoes. */
import { ParentLine } from '../../../src/adapters/workers/parent-line.js'

const line = new ParentLine((handle) => ({ handle, release() {}, abort() {} }))

line.begin({
  told: (message) => {
    if (message.kind === 'heartbeat') line.tell({ kind: 'alive', askedMs: message.askedMs })
    else if (message.kind === 'count') line.tell({ kind: 'wanted', connection: message.query })
    else if (message.kind === 'drain') void end()
  },
  lost: () => process.exit(0),
})

async function end(): Promise<void> {
  process.stdout.write('a last line\n')
  line.tell({ kind: 'shut' })
  await line.close()
  process.exit(0)
}
