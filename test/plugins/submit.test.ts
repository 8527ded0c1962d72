import { assert } from 'chai'
import { describe, it } from 'mocha'
import submit from '../../plugins/submit.js'
import type { Response, StreamedContent } from '../../src/domain/message/response.js'
import type { Handler } from '../../src/ports/plugins/plugin.js'
import { FakeRequest, type FakeRequestInit } from '../fakes/fake-request.js'

const answerTo = (init: FakeRequestInit): Response => {
  const handler = (submit.routes as Record<string, Handler>)['POST /submit']!
  return handler(new FakeRequest({ method: 'POST', target: '/submit', ...init })) as Response
}

describe('the submit plugin', () => {
  it('sends the content back, with its media type', async () => {
    const response = answerTo({ content: ['a', 'bc'], headers: [['content-type', 'text/x-poem']] })
    const pieces: string[] = []
    for await (const piece of (response.content as StreamedContent).pieces) pieces.push(piece.toString())
    assert.deepEqual(pieces, ['a', 'bc'])
    assert.equal(response.fields.get('content-type'), 'text/x-poem')
  })

  it('sends content without a media type as application/octet-stream', () => {
    assert.equal(answerTo({}).fields.get('content-type'), 'application/octet-stream')
  })

  it('reads a piece only when the previous one was sent', async () => {
    let taken = 0
    const endless = function* (): Generator<string> {
      for (;;) yield String(++taken)
    }
    const response = answerTo({ content: endless() })
    for await (const piece of (response.content as StreamedContent).pieces) {
      assert.equal(piece.toString(), String(taken))
      if (taken === 3) break
    }
    assert.equal(taken, 3)
  })
})
