import { NetListener } from '../../../src/adapters/socket/net-listener.js'
import { PlainReception } from '../../../src/adapters/socket/reception.js'
import { listenerContract } from '../../contract/listener.js'

listenerContract('NetListener', (readChunkSize) => new NetListener(readChunkSize, new PlainReception(65_536)))
