import { assert } from 'chai'
import { describe, it } from 'mocha'
import health from '../../plugins/health.js'
import type { Response } from '../../src/domain/message/response.js'
import type { PluginContext, RouteDefinition } from '../../src/ports/plugins/plugin.js'
import { FakeRequest } from '../fakes/fake-request.js'

function answerTo(path: string, reason: string | null): Response {
  const routes = health.routes as (context: PluginContext) => Record<string, RouteDefinition>
  const route = routes({ unready: () => reason } as PluginContext)[`GET ${path}`]!
  assert.isTrue(route.inline, 'must answer however busy the handlers are')
  return route.handler(new FakeRequest({ target: path })) as Response
}

describe('the health plugin', () => {
  const cases: [path: string, reason: string | null, status: number, content: string][] = [
    ['/livez', null, 200, 'ok\n'],
    ['/livez', 'draining', 200, 'ok\n'],
    ['/readyz', null, 200, 'running\n'],
    ['/readyz', 'starting', 503, 'starting\n'],
    ['/readyz', 'draining', 503, 'draining\n'],
    ['/readyz', 'handler threads crash', 503, 'handler threads crash\n'],
  ]
  for (const [path, reason, status, content] of cases) {
    it(`answers ${status} to ${path} when the service is ${reason === null ? 'ready' : `unready: ${reason}`}`, () => {
      const response = answerTo(path, reason)
      assert.deepEqual([response.status, response.content], [status, content])
      assert.equal(response.fields.get('cache-control'), 'no-store')
    })
  }
})
