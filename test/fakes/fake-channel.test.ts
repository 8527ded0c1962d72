import type { ToWorker } from '../../src/ports/workers/worker-processes.js'
import { supervisorChannelContract } from '../contract/supervisor-channel.js'
import { FakeConnection } from './fake-acceptor.js'
import { FakeChannel } from './fake-channel.js'
import { beWorker, type Farewell } from './channel-worker.js'

supervisorChannelContract('FakeChannel', () => {
  const channel = new FakeChannel()
  const state: { farewell: Farewell | null } = { farewell: null }
  void beWorker(channel, (connection) => connection.release()).then((farewell) => (state.farewell = farewell))
  return {
    send: (message) => channel.deliver(message),
    handOff: async (message: ToWorker) => channel.deliver(message, new FakeConnection()),
    received: channel.sent,
    disconnect: () => channel.disconnect(),
    get farewell() {
      return state.farewell
    },
  }
})
