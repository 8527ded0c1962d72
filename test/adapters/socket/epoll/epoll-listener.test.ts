import { EpollListener } from '../../../../src/adapters/socket/epoll/epoll-listener.js'
import { SharedBuffers } from '../../../../src/adapters/socket/epoll/epoll-transport.js'
import { Poller } from '../../../../src/adapters/socket/epoll/poller.js'
import { loadSystemCalls } from '../../../../src/adapters/socket/epoll/system-calls.js'
import { listenerContract } from '../../../contract/listener.js'

if (process.platform === 'linux') {
  const { calls } = loadSystemCalls()
  const poller = new Poller(calls)
  listenerContract('EpollListener', (readChunkSize) => {
    return new EpollListener({ calls, poller, buffers: new SharedBuffers(readChunkSize), highWaterMark: 65_536 })
  })
}
