import { it } from 'mocha'
import { DescriptorAdopter } from '../../../../src/adapters/socket/handoff/descriptor-adopter.js'
import { EpollListener } from '../../../../src/adapters/socket/epoll/epoll-listener.js'
import type { EpollTools } from '../../../../src/adapters/socket/epoll/epoll-parts.js'
import { LINUX, type SystemCalls } from '../../../../src/adapters/socket/epoll/system-calls.js'
import { NetAcceptor } from '../../../../src/adapters/socket/handoff/net-acceptor.js'
import type { Acceptor } from '../../../../src/ports/workers/worker-processes.js'
import { transportContract, type TransportUnderTest } from '../../../contract/transport.js'
import { Accepting } from '../accepting.js'
import { handedTransports } from '../handed-off.js'
import { SocketAcceptor } from '../socket-acceptor.js'
import { epollTools } from './epoll-tools.js'

const tools = epollTools()

if (tools === null) {
  it('EpollTransport: needs Linux and the package koffi (npm install koffi)')
} else {
  transportContract('EpollTransport', () => listened(tools))
  const withoutSendfile = { ...tools, calls: withoutSendfileOf(tools.calls) }
  transportContract('EpollTransport, without sendfile,', () => listened(withoutSendfile))
  transportContract('EpollTransport, of a handed off handle,', () => handedBy(new NetAcceptor(), tools))
  transportContract('EpollTransport, of a handed off socket,', () => handedBy(new SocketAcceptor(), tools))
}

/** System calls as on a file system that does not support `sendfile`. */
function withoutSendfileOf(calls: SystemCalls): SystemCalls {
  let refused = false
  const sendfile = (): number => {
    refused = true
    return -1
  }
  const errno = (): number => {
    const was = refused
    refused = false
    return was ? LINUX.EINVAL : calls.errno()
  }
  return { ...calls, sendfile, errno }
}

async function listened(own: EpollTools): Promise<TransportUnderTest> {
  const accepting = new Accepting()
  const { address, close } = await new EpollListener(own).listen({ host: '127.0.0.1', port: 0 }, (transport) =>
    accepting.accept(transport),
  )
  const connect: TransportUnderTest['connect'] = (receiver) => accepting.connect(address, receiver)
  return { cutOvertakesReads: true, highWaterMark: own.highWaterMark, connect, close }
}

async function handedBy(door: Acceptor, own: EpollTools): Promise<TransportUnderTest> {
  return { ...(await handedTransports(door, new DescriptorAdopter(own), own.highWaterMark)), cutOvertakesReads: true }
}
