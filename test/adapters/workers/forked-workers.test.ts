import { text } from 'node:stream/consumers'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NetAcceptor } from '../../../src/adapters/socket/handoff/net-acceptor.js'
import { ForkedWorkers } from '../../../src/adapters/workers/forked-workers.js'
import type { Acceptor, FromWorker, HandedConnection } from '../../../src/ports/workers/worker-processes.js'
import { until } from '../../contract/transport.js'
import { workerProcessesContract } from '../../contract/worker-processes.js'
import { SocketPeer } from '../socket/raw-peer.js'
import { SocketDoor } from '../socket/socket-acceptor.js'

const ECHO = new URL('./echo-child.js', import.meta.url)
const ORPHANED_MS = 60_000

const echoes = (): ForkedWorkers => new ForkedWorkers(ECHO, (output) => output.resume())

/** A connection that came to a door, and its peer. */
async function arrival(
  door: Acceptor = new NetAcceptor(),
): Promise<{ connection: HandedConnection; peer: SocketPeer }> {
  const arrived: HandedConnection[] = []
  const { address, close } = await door.listen({ host: '127.0.0.1', port: 0 }, (each) => arrived.push(each))
  const peer = await SocketPeer.to(address)
  await until('its arrival', () => arrived.length > 0)
  void close()
  return { connection: arrived[0]!, peer }
}

workerProcessesContract('ForkedWorkers', echoes, async () => {
  const { connection, peer } = await arrival()
  peer.socket.unref()
  return connection
})

describe('ForkedWorkers', function () {
  this.timeout(20_000)

  it('hands on what a process writes to its standard output, to the end', async () => {
    const written = new Promise<string>((resolve) => {
      const workers = new ForkedWorkers(ECHO, (output) => resolve(text(output)))
      workers.start({ received: () => undefined, ended: () => undefined }, ORPHANED_MS).send({ kind: 'drain' })
    })
    assert.equal(await written, 'a last line\n')
  })

  for (const [door, shape] of [
    [new NetAcceptor(), 'a handle'],
    [new SocketDoor(), 'a socket'],
  ] as const) {
    it(`hands ${shape} over: the process serves it, though it is given up here`, async () => {
      const told: FromWorker[] = []
      const process = echoes().start({ received: (each) => told.push(each), ended: () => undefined }, ORPHANED_MS)
      const { connection, peer } = await arrival(door)
      process.handOff({ kind: 'connection', connection: 1, entry: 'http', freshUntil: 0 }, connection)
      await until('it is taken', () => told.length > 0, 10_000)
      connection.release()
      await until('its answer', () => peer.ended, 10_000)
      assert.deepEqual([peer.reads.join(''), peer.cut], ['served', false])
      peer.end()
      process.kill()
    })
  }
})
