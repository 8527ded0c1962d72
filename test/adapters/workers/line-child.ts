/** A worker process at the end of its line, for the contract of that. It goes with the code of its farewell. */
import { handedConnection } from '../../../src/adapters/socket/handed-connection.js'
import { ParentLine } from '../../../src/adapters/workers/parent-line.js'
import { beWorker, FAREWELLS } from '../../fakes/channel-worker.js'

const farewell = await beWorker(new ParentLine(handedConnection), (connection) => connection.release())
process.exit(FAREWELLS.indexOf(farewell))
