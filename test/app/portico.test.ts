import { assert } from 'chai'
import { describe, it } from 'mocha'
import { startServer, type RunningServer } from '../../src/portico.js'

const QUIET = { port: 0, 'log.level': 'error', 'log.access': false }

const urlOf = ({ address: { host, port } }: RunningServer, path: string): string => `http://${host}:${port}${path}`

describe('startServer()', () => {
  it('serves in this process until it is drained', async () => {
    const server = await startServer(QUIET)
    const response = await fetch(urlOf(server, '/'), { headers: { Connection: 'close' } })
    assert.deepEqual([response.status, response.headers.get('server')], [200, 'Portico'])
    assert.isNotEmpty(await response.text())
    const report = await server.drain()
    assert.deepEqual(report, { finished: 0, rejected: 0, cut: {} })
    const failure = await fetch(urlOf(server, '/')).catch((error: unknown) => error)
    assert.instanceOf(failure, Error, 'the port is closed')
  })

  it('serves by its settings and ignores environment variables', async () => {
    process.env['PORTICO_SERVER_NAME'] = 'environment'
    const server = await startServer({ ...QUIET, serverName: 'Embedded' })
    delete process.env['PORTICO_SERVER_NAME']
    const response = await fetch(urlOf(server, '/livez'), { headers: { Connection: 'close' } })
    await response.text()
    assert.equal(response.headers.get('server'), 'Embedded')
    await server.drain()
  })

  it('two servers in one process run and stop independently', async () => {
    const [one, other] = [await startServer(QUIET), await startServer(QUIET)]
    assert.notEqual(one.address.port, other.address.port)
    await one.drain()
    const response = await fetch(urlOf(other, '/'), { headers: { Connection: 'close' } })
    await response.text()
    assert.equal(response.status, 200)
    await other.drain()
  })

  it('lists every problem with its settings at once', async () => {
    const wrong = { port: 70_000, maxConnections: 'many', 'no.such.key': 1 }
    const failure = await startServer(wrong).catch((error: unknown) => error)
    assert.instanceOf(failure, Error)
    for (const found of ['port', '70000', 'maxConnections', 'many', 'no.such.key', 'argument of startServer']) {
      assert.include(failure.message, found)
    }
  })

  for (const workers of [2, 'auto']) {
    it(`refuses ${workers} for workers: an embedded server has only this process`, async () => {
      const failure = await startServer({ ...QUIET, workers }).catch((error: unknown) => error)
      assert.instanceOf(failure, Error)
      const problem = `workers: found ${JSON.stringify(workers)}, wanted 1: an embedded server has only this process`
      assert.include(failure.message, problem)
    })
  }

  it('names the port that is in use', async () => {
    const server = await startServer(QUIET)
    const { port } = server.address
    const failure = await startServer({ ...QUIET, port }).catch((error: unknown) => error)
    assert.instanceOf(failure, Error)
    assert.include(failure.message, String(port))
    await server.drain()
  })
})
