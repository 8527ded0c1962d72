import { text } from 'node:stream/consumers'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NetAcceptor } from '../../../src/adapters/socket/handoff/net-acceptor.js'
import { ForkedWorkers } from '../../../src/adapters/workers/forked-workers.js'
import type { Acceptor, FromWorker, HandedConnection } from '../../../src/ports/workers/worker-processes.js'
import { workerProcessesContract } from '../../contract/worker-processes.js'
import { SocketPeer } from '../socket/raw-peer.js'
import { SocketAcceptor } from '../socket/socket-acceptor.js'
import { eventually } from '../../support/waiting.js'

const ECHO = new URL('./echo-child.js', import.meta.url)
const ORPHAN_TIMEOUT_MS = 60_000

const echoes = (): ForkedWorkers => new ForkedWorkers(ECHO, (output) => output.resume())

/** An accepted connection, and its peer. */
async function accepted(
  acceptor: Acceptor = new NetAcceptor(),
): Promise<{ connection: HandedConnection; peer: SocketPeer }> {
  const connections: HandedConnection[] = []
  const { address, close } = await acceptor.listen({ host: '127.0.0.1', port: 0 }, (each) => connections.push(each))
  const peer = await SocketPeer.to(address)
  await eventually('the connection', () => connections.length > 0)
  void close()
  return { connection: connections[0]!, peer }
}

workerProcessesContract('ForkedWorkers', echoes, async () => {
  const { connection, peer } = await accepted()
  peer.socket.unref()
  return connection
})

describe('ForkedWorkers', () => {
  it('forwards the standard output of a process, to the end', async () => {
    const written = new Promise<string>((resolve) => {
      const workers = new ForkedWorkers(ECHO, (output) => resolve(text(output)))
      workers.start({ received: () => undefined, ended: () => undefined }, ORPHAN_TIMEOUT_MS).send({ kind: 'drain' })
    })
    assert.equal(await written, 'a last line\n')
  })

  for (const [acceptor, shape] of [
    [new NetAcceptor(), 'a handle'],
    [new SocketAcceptor(), 'a socket'],
  ] as const) {
    it(`hands off ${shape}: the process serves it after our copy is closed`, async () => {
      const received: FromWorker[] = []
      const process = echoes().start(
        { received: (each) => received.push(each), ended: () => undefined },
        ORPHAN_TIMEOUT_MS,
      )
      const { connection, peer } = await accepted(acceptor)
      process.handOff({ kind: 'connection', connection: 1, listener: 'http', freshUntil: 0 }, connection)
      await eventually('it is accepted', () => received.length > 0)
      connection.release()
      await eventually('its answer', () => peer.ended)
      assert.deepEqual([peer.reads.join(''), peer.cut], ['served', false])
      peer.end()
      process.kill()
    })
  }
})
