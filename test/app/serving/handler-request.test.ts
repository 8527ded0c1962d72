import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ContentReader } from '../../../src/app/serving/content-reader.js'
import { HandlerRequest } from '../../../src/app/serving/handler-request.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import { RecordingEventLog } from '../../fakes/event-log.js'

function setUp(content: string | null = null, query = '') {
  const head = {
    method: 'POST',
    target: `/a?${query}`,
    path: '/a',
    query,
    authority: 'a',
    minor: 1,
    fields: FieldSection.of([['Host', 'a']]),
    length: content?.length ?? 0,
    expectsContinue: false,
    persists: true,
  }
  const log = new RecordingEventLog()
  const reader = content === null ? null : new ContentReader(() => undefined)
  if (content !== null) reader?.push(Buffer.from(content))
  const owner = { requestId: 'r-1', trace: 't', spanFields: null, peer: '192.0.2.1:5', security: null, log }
  return { reader, log, request: new HandlerRequest(head, { id: '7' }, reader, owner) }
}

describe('HandlerRequest', () => {
  it('has the parts of the head', () => {
    const { request } = setUp()
    assert.deepInclude(
      { ...{ method: request.method, target: request.target, path: request.path, id: request.id } },
      {
        method: 'POST',
        target: '/a?',
        path: '/a',
        id: 'r-1',
      },
    )
    assert.equal(request.headers.get('host'), 'a')
    assert.deepEqual([request.traceId, request.peer, request.params['id']], ['t', '192.0.2.1:5', '7'])
  })

  it('parses the query, where __proto__ is an ordinary name', () => {
    const { query } = setUp(null, 'a=1&a=2&__proto__=x&c=%20').request
    assert.deepEqual(query.getAll('a'), ['1', '2'])
    assert.deepEqual([query.get('__proto__'), query.get('c')], ['x', ' '])
  })

  it('reads content as text and as JSON', async () => {
    const asText = setUp('äö')
    asText.reader?.end()
    assert.equal(await asText.request.text(), 'äö')
    const asJson = setUp('{"a":[1]}')
    asJson.reader?.end()
    assert.deepEqual(await asJson.request.json(), { a: [1] })
  })

  it('has empty content when the request has none', async () => {
    assert.equal(await setUp().request.text(), '')
  })

  it('throws a SyntaxError for content that is not JSON', async () => {
    assert.instanceOf(
      await setUp()
        .request.json()
        .catch((error: unknown) => error),
      SyntaxError,
    )
  })

  it('aborts its signal, whether it was asked for before the abort or after it', () => {
    const before = setUp().request
    const { signal } = before
    assert.isFalse(signal.aborted)
    before.abort(new Error('gone'))
    assert.equal((signal.reason as Error).message, 'gone')
    const after = setUp().request
    after.abort(new Error('gone'))
    assert.isTrue(after.signal.aborted)
  })

  it('fails the reading of content when it is aborted', async () => {
    const { request } = setUp('part')
    const bytes = request.bytes().catch((error: unknown) => error)
    request.abort(new Error('gone'))
    assert.equal(((await bytes) as Error).message, 'gone')
  })

  it('calls the engine on abort once, or at once when it was aborted before', () => {
    const { request } = setUp()
    const told: string[] = []
    request.onAbort((reason) => told.push(reason.message))
    request.abort(new Error('gone'))
    request.abort(new Error('gone again'))
    assert.deepEqual(told, ['gone'])
    request.onAbort((reason) => told.push(`${reason.message} before`))
    assert.deepEqual(told, ['gone', 'gone before'])
  })

  it('shows the engine whether it has content, and whether the peer waits for 100 Continue', () => {
    assert.isFalse(setUp().request.hasContent)
    const { request } = setUp('a', 'b=c')
    assert.deepEqual([request.hasContent, request.expectsContinue, request.rawQuery], [true, false, 'b=c'])
  })

  it('adds its id to every event of its logger', () => {
    const { request, log } = setUp()
    request.log.info('hello', { a: 1 })
    assert.deepEqual(log.events[0]?.facts, { request: 'r-1', a: 1 })
  })
})
