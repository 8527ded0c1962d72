import type { SocketChoice, CheckEpoll } from '../../src/ports/serving/sockets.js'

export const NET_SOCKETS: SocketChoice = { kind: 'net', reason: 'it is set so' }

export const epollWorks: CheckEpoll = async () => 'a fake'

export const epollFails: CheckEpoll = async () => {
  throw new Error('the fake does not work')
}
