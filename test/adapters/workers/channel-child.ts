/** The worker process of the channel's contract suite. Its exit code tells why it ended. */
import { handedConnection } from '../../../src/adapters/socket/handoff/handed-connection.js'
import { ParentChannel } from '../../../src/adapters/workers/parent-channel.js'
import { beWorker, FAREWELLS } from '../../fakes/channel-worker.js'

const farewell = await beWorker(new ParentChannel(handedConnection), (connection) => connection.release())
process.exit(FAREWELLS.indexOf(farewell))
