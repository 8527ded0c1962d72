import { fork, type SendHandle } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { FromWorker, ToWorker } from '../../../src/ports/workers/worker-processes.js'
import { supervisorChannelContract } from '../../contract/supervisor-channel.js'
import { FAREWELLS, type Farewell } from '../../fakes/channel-worker.js'

const CHILD = new URL('./channel-child.js', import.meta.url)

for (const shape of ['a handle', 'a socket'] as const) {
  supervisorChannelContract(`ParentChannel, with ${shape},`, () => {
    const child = fork(CHILD)
    const received: FromWorker[] = []
    const state: { farewell: Farewell | null } = { farewell: null }
    child.on('message', (message) => received.push(message as FromWorker))
    child.on('exit', (code) => (state.farewell = FAREWELLS[code!]!))
    return {
      send: (message) => child.send(message),
      handOff: (message: ToWorker) => withConnection(shape, (handle) => child.send(message, handle)),
      received,
      disconnect: () => child.disconnect(),
      get farewell() {
        return state.farewell
      },
    }
  })
}

/** Makes a connection, sends it, and closes our copy. */
async function withConnection(shape: 'a handle' | 'a socket', send: (handle: SendHandle) => void): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  server.close()
  const { _handle: handle } = socket as unknown as { _handle: SendHandle }
  send(shape === 'a socket' ? socket : handle)
  for (const each of [peer, socket]) each.on('error', () => undefined).destroy()
}
