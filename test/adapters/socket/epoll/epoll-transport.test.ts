import { EpollListener } from '../../../../src/adapters/socket/epoll/epoll-listener.js'
import { SharedBuffers } from '../../../../src/adapters/socket/epoll/epoll-transport.js'
import { Poller } from '../../../../src/adapters/socket/epoll/poller.js'
import { loadSystemCalls } from '../../../../src/adapters/socket/epoll/system-calls.js'
import { transportContract, type TransportUnderTest } from '../../../contract/transport.js'
import { Accepting } from '../accepting.js'

const HIGH_WATER_MARK = 65_536

if (process.platform === 'linux') transportContract('EpollTransport', subject)

async function subject(): Promise<TransportUnderTest> {
  const accepting = new Accepting()
  const { calls } = loadSystemCalls()
  const poller = new Poller(calls)
  const buffers = new SharedBuffers(65_536)
  const listener = new EpollListener({ calls, poller, buffers, highWaterMark: HIGH_WATER_MARK })
  const { address, close } = await listener.listen({ host: '127.0.0.1', port: 0 }, (transport) =>
    accepting.accept(transport),
  )
  return {
    cutOvertakesReads: true,
    highWaterMark: HIGH_WATER_MARK,
    connect: (receiver) => accepting.connect(address, receiver),
    close: async () => {
      await close()
      poller.close()
    },
  }
}
