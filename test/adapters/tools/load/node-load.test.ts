import type { RequestListener } from 'node:http'
import { assert } from 'chai'
import { after, describe, it } from 'mocha'
import { nodeLoad } from '../../../../src/adapters/tools/load/node-load.js'
import { begunTogether } from '../../../support/begun-together.js'
import { loadContract, LoadedServer, loadOptions } from '../../../contract/load.js'

describe('Load: Node, one connection per request', () => {
  loadContract(nodeLoad, { keepAlive: false })
})

describe('Load: Node, at a rate', () => {
  loadContract(nodeLoad, { rate: 200 })
})

describe('nodeLoad', () => {
  const servers: LoadedServer[] = []

  after(() => {
    for (const server of servers) server.close()
  })

  async function listen(answer: RequestListener): Promise<LoadedServer> {
    const server = await LoadedServer.listen(answer)
    servers.push(server)
    return server
  }

  it('opens a connection for each request without keep-alive', async () => {
    const server = await listen((_, response) => response.end())
    const { requests } = await nodeLoad(loadOptions({ url: server.url, keepAlive: false }), () => undefined).report
    assert.isAbove(requests, 10)
    assert.isAtLeast(server.connections, requests)
  })

  // Tests with a rate leave each other room.
  begunTogether((test) => {
    test('keeps to a rate, over connections that persist, at even distances', async () => {
      const times: number[] = []
      const server = await listen((_, response) => {
        times.push(performance.now())
        response.end()
      })
      const { requests, seconds } = await nodeLoad(
        loadOptions({ url: server.url, rate: 50, durationMs: 2000 }),
        () => undefined,
      ).report
      assert.equal(requests, 100)
      assert.isAtLeast(seconds, 1.9)
      assert.isAtMost(server.connections, 4)
      const inFirstHalf = times.filter((time) => time - times[0]! < 1000).length
      assert.closeTo(inFirstHalf, 50, 15)
    })

    test('charges a server that stalls with all that it held up', async () => {
      let stalledUntilMs = 0
      const server = await listen((_, response) => {
        stalledUntilMs ||= performance.now() + 500
        setTimeout(() => response.end(), Math.max(stalledUntilMs - performance.now(), 0))
      })
      const order = loadOptions({ url: server.url, connections: 1, rate: 100, durationMs: 1000 })
      const { requests, latencyMs } = await nodeLoad(order, () => undefined).report
      assert.equal(requests, 100)
      // Half of all requests were due during the stall, and waited a quarter of a second on average.
      assert.isAbove(latencyMs.p95, 300)
      assert.isAbove(latencyMs.max, 450)
    })

    test('counts connections that end before their answer', async () => {
      const server = await listen((request) => request.socket.destroy())
      const { requests, errors } = await nodeLoad(loadOptions({ url: server.url, rate: 50 }), () => undefined).report
      assert.deepEqual([requests, errors], [0, { connection: 50, timeout: 0, status: 0 }])
    })
  })
})
