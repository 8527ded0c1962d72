import { NetListener } from '../../../../src/adapters/socket/net/net-listener.js'
import { PlainSetup } from '../../../../src/adapters/socket/net/connection-setup.js'
import { listenerContract } from '../../../contract/listener.js'

listenerContract('NetListener', (readChunkSize) => new NetListener(readChunkSize, new PlainSetup(65_536)))
