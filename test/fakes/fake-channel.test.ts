import type { ToWorker } from '../../src/ports/workers/worker-processes.js'
import { supervisorLineContract } from '../contract/supervisor-channel.js'
import { FakeConnection } from './fake-acceptor.js'
import { FakeLine } from './fake-channel.js'
import { beWorker, type Farewell } from './channel-worker.js'

supervisorLineContract('FakeLine', () => {
  const line = new FakeLine()
  const state: { farewell: Farewell | null } = { farewell: null }
  void beWorker(line, (connection) => connection.release()).then((farewell) => (state.farewell = farewell))
  return {
    say: (message) => line.say(message),
    hand: async (message: ToWorker) => line.say(message, new FakeConnection()),
    heard: line.heard,
    leave: () => line.leave(),
    get farewell() {
      return state.farewell
    },
  }
})
