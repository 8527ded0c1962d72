import { assert } from 'chai'
import { describe, it } from 'mocha'
import acme from '../../plugins/acme.js'
import type { Response } from '../../src/domain/message/response.js'
import type { PluginContext, RouteDefinition, Routes } from '../../src/ports/plugins/plugin.js'
import { FakeRequest } from '../fakes/fake-request.js'

const routesBy = (directory: string | null): Routes =>
  (acme.routes as (context: PluginContext) => Routes)({ settings: { directory } } as unknown as PluginContext)

function answerTo(token: string): Response {
  const route = routesBy('/challenges')['GET /.well-known/acme-challenge/:token'] as RouteDefinition
  assert.isTrue(route.inline)
  return route.handler(new FakeRequest({ params: { token } })) as Response
}

describe('the acme plugin', () => {
  it('has no routes without a folder', () => assert.isEmpty(routesBy(null)))

  it('answers with the file that has the name of the token, and forbids caches to store it', () => {
    const { status, content, fields } = answerTo('evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA')
    assert.equal(status, 200)
    assert.deepInclude(content, { path: 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA', root: '/challenges' })
    assert.equal(fields.get('cache-control'), 'no-store')
  })

  for (const token of ['..', 'a.b', 'a/b', 'a%2Fb', '', 'é', 'a'.repeat(257)]) {
    it(`answers 404 to ${JSON.stringify(token)}, which is not a token`, () => assert.equal(answerTo(token).status, 404))
  }
})
