import { assert } from 'chai'
import { describe, it } from 'mocha'
import hello from '../../plugins/hello.js'
import type { Response } from '../../src/domain/message/response.js'
import type { Handler } from '../../src/ports/plugins/plugin.js'
import { FakeRequest } from '../fakes/fake-request.js'

describe('the hello plugin', () => {
  it('answers GET / with a greeting in plain text, without a promise', () => {
    const handler = (hello.routes as Record<string, Handler>)['GET /']!
    const response = handler(new FakeRequest()) as Response
    assert.deepEqual([response.status, response.content], [200, 'Hello from Portico!\n'])
    assert.equal(response.fields.get('content-type'), 'text/plain; charset=utf-8')
  })
})
