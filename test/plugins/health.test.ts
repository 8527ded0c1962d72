import { assert } from 'chai'
import { describe, it } from 'mocha'
import health from '../../plugins/health.js'
import type { Response } from '../../src/domain/message/response.js'
import type { Phase } from '../../src/domain/service/drain.js'
import type { PluginContext, RouteDefinition } from '../../src/ports/plugin.js'
import { FakeRequest } from '../fakes/fake-request.js'

function answerTo(path: string, phase: Phase): Response {
  const routes = health.routes as (context: PluginContext) => Record<string, RouteDefinition>
  const route = routes({ phase: () => phase } as PluginContext)[`GET ${path}`]!
  assert.isTrue(route.inline, 'answers however busy the handlers are')
  return route.handler(new FakeRequest({ target: path })) as Response
}

describe('the health plugin', () => {
  const cases: [path: string, phase: Phase, status: number, content: string][] = [
    ['/livez', 'starting', 200, 'ok\n'],
    ['/livez', 'draining', 200, 'ok\n'],
    ['/readyz', 'starting', 503, 'starting\n'],
    ['/readyz', 'running', 200, 'running\n'],
    ['/readyz', 'notice', 503, 'notice\n'],
    ['/readyz', 'draining', 503, 'draining\n'],
    ['/readyz', 'stopped', 503, 'stopped\n'],
  ]
  for (const [path, phase, status, content] of cases) {
    it(`answers ${status} to ${path} while ${phase}`, () => {
      const response = answerTo(path, phase)
      assert.deepEqual([response.status, response.content], [status, content])
      assert.equal(response.fields.get('cache-control'), 'no-store')
    })
  }
})
