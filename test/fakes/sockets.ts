import type { SocketChoice, TryEpoll } from '../../src/ports/sockets.js'

export const NET_SOCKETS: SocketChoice = { kind: 'net', reason: 'it is set so' }

export const epollWorks: TryEpoll = async () => 'a fake'

export const epollFails: TryEpoll = async () => {
  throw new Error('the fake does not work')
}
