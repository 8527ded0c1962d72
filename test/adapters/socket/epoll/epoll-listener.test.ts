import { it } from 'mocha'
import { EpollListener } from '../../../../src/adapters/socket/epoll/epoll-listener.js'
import { listenerContract } from '../../../contract/listener.js'
import { epollTools } from './epoll-tools.js'

if (epollTools() === null) it('EpollListener: needs Linux and the package koffi (npm install koffi)')
else listenerContract('EpollListener', (readChunkSize) => new EpollListener(epollTools(readChunkSize)!))
