/** The worker process of the contract suite for `WorkerProcesses`: answers messages, and sends `served` to each connection. */
import { Socket } from 'node:net'
import { handedConnection } from '../../../src/adapters/socket/handoff/handed-connection.js'
import { ParentChannel } from '../../../src/adapters/workers/parent-channel.js'

const channel = new ParentChannel(handedConnection)

channel.begin({
  received: (message, connection) => {
    if (message.kind === 'heartbeat') channel.send({ kind: 'alive', sentMs: message.sentMs })
    else if (message.kind === 'count') channel.send({ kind: 'claim', connection: message.query })
    else if (message.kind === 'drain') void end()
    else if (message.kind === 'connection' && connection !== null) {
      channel.send({ kind: 'accepted', connection: message.connection })
      serve(connection.handle)
    }
  },
  lost: () => process.exit(0),
})

function serve(handle: unknown): void {
  const socket = handle instanceof Socket ? handle : new Socket({ handle } as object)
  socket.on('error', () => undefined).end('served')
}

async function end(): Promise<void> {
  process.stdout.write('a last line\n')
  channel.send({ kind: 'close' })
  await channel.close()
  process.exit(0)
}
