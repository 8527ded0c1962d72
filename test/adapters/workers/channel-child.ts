/** A worker process at the end of its line, for the contract of that. It goes with the code of its farewell. */
import { handedConnection } from '../../../src/adapters/socket/handoff/handed-connection.js'
import { ParentChannel } from '../../../src/adapters/workers/parent-channel.js'
import { beWorker, FAREWELLS } from '../../fakes/channel-worker.js'

const farewell = await beWorker(new ParentChannel(handedConnection), (connection) => connection.release())
process.exit(FAREWELLS.indexOf(farewell))
