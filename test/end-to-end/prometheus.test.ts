import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { assert } from 'chai'
import { after, before, it } from 'mocha'
import { describeWithPrometheus, RunningPrometheus } from './support/prometheus.js'
import { get } from '../wire/requests.js'
import { startServer, type RunningServer } from './support/server.js'
import { eventually } from '../support/waiting.js'

const ASKED = 30

describeWithPrometheus('Prometheus with deploy/prometheus.yml', () => {
  let server: RunningServer
  let prometheus: RunningPrometheus

  before(async () => {
    server = await startServer({ flags: ['--workers', '2'] })
    prometheus = await RunningPrometheus.start(server.port)
    const client = await server.connect()
    for (let each = 0; each < ASKED; each++) {
      client.send(get('/'))
      client.send(get(`/nowhere/${each}`))
      await client.responses('GET', 'GET')
    }
    client.close()
    await eventually('Prometheus has read the counts of all requests', async () => (await countOf('GET /')) === ASKED)
  })
  after(async () => {
    await prometheus.stop()
    await server.stop('SIGKILL')
  })

  const countOf = (route: string): Promise<number | null> =>
    prometheus.value(`portico_request_duration_seconds_count{route="${route}"}`)

  it('accepts its configuration', () => {
    const { status, stdout } = spawnSync('promtool', ['check', 'config', 'deploy/prometheus.yml'], { encoding: 'utf8' })
    assert.deepEqual([status, /SUCCESS/.test(stdout)], [0, true])
  })

  it('finds the server up, and gets the text format', async () => {
    assert.equal(await prometheus.value('up{job="portico"}'), 1)
    const [info] = await prometheus.ask('portico_info')
    assert.include(info!.metric, { engine: 'selectors', job: 'portico' })
  })

  it('reads counters that add up all worker processes', async () => {
    assert.isAtLeast((await prometheus.value('portico_requests_total'))!, 2 * ASKED)
    assert.isAtLeast((await prometheus.value('portico_responses_total{class="4xx"}'))!, ASKED)
    assert.equal(await prometheus.value('portico_workers{state="ready"}'), 2)
  })

  it('reads a histogram for each route, with fixed bounds', async () => {
    const bounds = await prometheus.ask('portico_request_duration_seconds_bucket{route="GET /"}')
    assert.lengthOf(bounds, 17)
    assert.equal(bounds.find(({ metric }) => metric['le'] === '+Inf')!.value[1], String(ASKED))
    const p95 = await prometheus.value(
      'histogram_quantile(0.95, portico_request_duration_seconds_bucket{route="GET /"})',
    )
    assert.isAbove(p95!, 0)
    assert.isBelow(p95!, 5)
  })

  it('understands the queries in docs/operations.md', async () => {
    const [, block] = /## Prometheus\n[^]*?```\n([^]*?)```/.exec(readFileSync('docs/operations.md', 'utf8'))!
    const questions = block!.trimEnd().split('\n')
    assert.isNotEmpty(questions)
    for (const question of questions) {
      assert.isArray(await prometheus.ask(question), question)
      const names = question.match(/portico_\w+/g)!.filter((name) => !/threads|tls/.test(name))
      for (const name of names) assert.isNotEmpty(await prometheus.ask(name), name)
    }
  })

  it('has one series for all paths without a route', async () => {
    const routes = await prometheus.ask('count by (route) (portico_request_duration_seconds_count)')
    const names = routes.map(({ metric }) => metric['route'])
    assert.include(names, '<unmatched>')
    assert.isEmpty(names.filter((name) => name!.includes('nowhere')))
    assert.equal(await countOf('<unmatched>'), ASKED)
  })
})
