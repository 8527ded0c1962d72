import type { ToWorker } from '../../src/ports/workers/worker-processes.js'
import { supervisorLineContract } from '../contract/supervisor-channel.js'
import { FakeConnection } from './fake-acceptor.js'
import { FakeLine } from './fake-channel.js'
import { beWorker, type Farewell } from './channel-worker.js'

supervisorLineContract('FakeLine', () => {
  const channel = new FakeLine()
  const state: { farewell: Farewell | null } = { farewell: null }
  void beWorker(channel, (connection) => connection.release()).then((farewell) => (state.farewell = farewell))
  return {
    say: (message) => channel.say(message),
    hand: async (message: ToWorker) => channel.say(message, new FakeConnection()),
    heard: channel.heard,
    leave: () => channel.leave(),
    get farewell() {
      return state.farewell
    },
  }
})
