import { assert } from 'chai'
import { describe, it } from 'mocha'
import streamPlugin from '../../plugins/stream.js'
import type { Response, StreamedContent } from '../../src/domain/message/response.js'
import type { Handler, PluginContext, Routes } from '../../src/ports/plugins/plugin.js'
import { FakeRequest } from '../fakes/fake-request.js'

type Settings = PluginContext['settings']

const routesWith = (settings: Settings): Routes =>
  (streamPlugin.routes as (context: PluginContext) => Routes)({ settings } as PluginContext)

function answer(settings: Settings, signal = new AbortController().signal): Response {
  const handler = routesWith(settings)['GET /stream'] as Handler
  return handler(new FakeRequest({ target: '/stream', signal })) as Response
}

const linesOf = (response: Response): AsyncIterator<string> =>
  ((response.content as StreamedContent).pieces as AsyncIterable<string>)[Symbol.asyncIterator]()

describe('the stream plugin', () => {
  it('sends as many lines as configured', async () => {
    const response = answer({ count: 3, intervalMs: 1 })
    const lines: unknown[] = []
    for await (const line of (response.content as StreamedContent).pieces) lines.push(line)
    assert.deepEqual(lines, ['Line 1 of 3\n', 'Line 2 of 3\n', 'Line 3 of 3\n'])
    assert.equal(response.fields.get('content-type'), 'text/plain; charset=utf-8')
  })

  it('sends the first of five lines at once when nothing is configured', async () => {
    const lines = linesOf(answer({}))
    assert.equal((await lines.next()).value, 'Line 1 of 5\n')
    await lines.return?.()
  })

  it('stops at once when the peer disconnects, without waiting for the next line', async () => {
    const abort = new AbortController()
    const lines = linesOf(answer({ intervalMs: 3_600_000 }, abort.signal))
    await lines.next()
    const next = lines.next()
    abort.abort()
    const error = await next.then(
      () => assert.fail('Expected an end'),
      (reason: unknown) => reason as Error,
    )
    assert.equal(error.name, 'AbortError')
  })

  const wrong: [settings: Settings, message: string][] = [
    [{ count: 0 }, 'Cannot use "count": found 0, wanted a whole number above 0'],
    [{ count: '5' }, 'Cannot use "count": found "5", wanted a whole number above 0'],
    [{ intervalMs: 0.5 }, 'Cannot use "intervalMs": found 0.5, wanted a whole number above 0'],
  ]
  for (const [settings, message] of wrong) {
    it(`refuses ${JSON.stringify(settings)}`, () => {
      assert.throws(() => routesWith(settings), message)
    })
  }
})
