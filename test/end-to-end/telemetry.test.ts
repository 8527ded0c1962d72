import { fileURLToPath } from 'node:url'
import { assert } from 'chai'
import { afterEach, beforeEach, it } from 'mocha'
import { describeOnEachEngine } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { startServer, type LogLine, type RunningServer } from './support/server.js'

const TELEMETRY = fileURLToPath(new URL('./support/telemetry-child.js', import.meta.url))
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

const PLUGIN = `export default {
  name: 'traced',
  routes: {
    'GET /traced/:name': async ({ traceId }) => {
      await null
      return tracer.startActiveSpan('inner', (span) => (span.end(), traceId))
    },
  },
}`

describeOnEachEngine('a server with OpenTelemetry', () => {
  let folder: TemporaryFolder
  let server: RunningServer

  beforeEach(async () => {
    folder = new TemporaryFolder({ 'traced.mjs': PLUGIN })
    const environment = { NODE_OPTIONS: `--import ${TELEMETRY}` }
    server = await startServer({ flags: ['--plugins', folder.path], environment })
  })
  afterEach(async () => {
    await server.stop('SIGKILL')
    folder.remove()
  })

  const span = (name: string): Promise<LogLine> => server.logLine((line) => line['span'] === name)

  it('continues the trace of the client in its handlers', async () => {
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01` }
    const response = await fetch(`${server.origin}/traced/x?y`, { headers })
    assert.equal(await response.text(), TRACE)
    const [outer, inner] = [await span('GET /traced/:name'), await span('inner')]
    assert.deepInclude(outer, { traceId: TRACE, parentId: PARENT, kind: 1 })
    assert.deepInclude(inner, { traceId: TRACE, parentId: outer['spanId'] })
    assert.deepInclude(outer['attributes'], { 'http.route': '/traced/:name', 'http.response.status_code': 200 })
    const { trace } = await server.accessLine(response.headers.get('x-request-id')!)
    assert.equal(trace, TRACE)
  })

  it('starts a trace for a client without one, with the same id in the logs', async () => {
    const response = await fetch(`${server.origin}/livez`)
    const { traceId, parentId } = await span('GET /livez')
    assert.isNull(parentId)
    const { trace } = await server.accessLine(response.headers.get('x-request-id')!)
    assert.equal(trace, traceId)
  })
})
