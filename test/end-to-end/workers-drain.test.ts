import { kill } from 'node:process'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { eventually } from '../support/waiting.js'
import { NOT_ACCEPTED, SteadyLoad } from './support/steady-load.js'
import { isGone, SupervisedServer } from './support/supervised-server.js'

describe('Worker processes drain', () => {
  let supervised: SupervisedServer

  beforeEach(async () => (supervised = await SupervisedServer.start()))
  afterEach(() => supervised.remove())

  it('together, and their reports add up', async () => {
    const { server } = supervised
    const clients = await supervised.begin('/held', 6)
    const exit = server.stop()
    await supervised.event('server draining')
    supervised.release()
    for (const client of clients) assert.equal((await client.lastResponse()).status, 200)
    assert.deepEqual(await exit, { code: 0, signal: null })
    assert.match(server.program.stderr, /portico stopped: 6 requests finished, 0 rejected, none cut off\n$/)
    assert.isTrue(supervised.pids.every(isGone))
  })

  it('under load, and answer every request, if only with 503', async () => {
    const load = new SteadyLoad(supervised.server.port, 16)
    await eventually('many requests are answered', () => load.tally.answered > 100)
    const { code } = await supervised.server.stop()
    const { failures } = await load.stop()
    assert.equal(code, 0)
    // A connection made while the port closes is refused. A request that came before is served, or gets 503.
    const unexpected = failures.filter((each) => each !== 'status 503' && !each.startsWith(NOT_ACCEPTED))
    assert.deepEqual(unexpected, [])
  })

  it('and end at once at a second signal', async () => {
    const { server } = supervised
    await supervised.begin('/held')
    server.program.kill('SIGTERM')
    await server.program.printed('stderr', (text) => /draining/.exec(text))
    const beganMs = performance.now()
    const { code } = await server.stop()
    assert.equal(code, 1)
    assert.isBelow(performance.now() - beganMs, 2000)
    await eventually('no process is left', () => supervised.pids.every(isGone))
  })

  it('only once when Ctrl-C reaches all processes', async () => {
    const { server } = supervised
    for (const pid of [...supervised.pids, server.program.pid]) kill(pid, 'SIGINT')
    assert.deepEqual(await server.program.ending(), { code: 0, signal: null })
    assert.lengthOf(supervised.events('worker lost'), 0)
  })

  it('and report a worker that dies in the drain', async () => {
    const { server } = supervised
    const clients = await supervised.begin('/held', 2)
    server.program.kill('SIGTERM')
    await supervised.event('server draining')
    kill(supervised.pids[0]!, 'SIGKILL')
    supervised.release()
    for (const client of clients) void client.rest().then(() => client.close())
    const { code } = await server.program.ending()
    assert.equal(code, 1)
    assert.match(
      server.program.stderr,
      /portico stopped: 1 request finished, 0 rejected, 1 cut off \(1 worker lost\)\n$/,
    )
  })
})
