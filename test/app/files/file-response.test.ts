import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { FieldsInit } from '../../../src/domain/message/response-fields.js'
import { file, text, type FileInit } from '../../../src/domain/message/response-makers.js'
import type { FileContent } from '../../../src/app/serving/sendable-response.js'
import type { FilePart } from '../../../src/ports/serving/file-part.js'
import {
  assertRejects,
  contentOf,
  DAY_AFTER_DATE,
  DIGITS,
  get,
  NEW_YEAR_DATE,
  setUp,
  YEAR_BEFORE_DATE,
  type Question,
} from './file-tree.js'

const etag = (await get('digits.txt')).fields.get('etag')!

describe('FileResponder', () => {
  describe('describes a file', () => {
    it('with media type, tag, date and ranges', async () => {
      const { status, fields, content } = await get('digits.txt')
      assert.equal(status, 200)
      assert.equal(content, DIGITS)
      assert.deepEqual(
        fields.lines.map(([name]) => name),
        ['Content-Type', 'ETag', 'Last-Modified', 'Accept-Ranges'],
      )
      assert.equal(fields.get('content-type'), 'text/plain; charset=utf-8')
      assert.equal(fields.get('last-modified'), NEW_YEAR_DATE)
      assert.equal(fields.get('accept-ranges'), 'bytes')
      assert.match(etag, /^"[^"]+"$/)
    })

    it('with an unknown extension as application/octet-stream', async () => {
      assert.equal((await get('blob.unheard-of')).fields.get('content-type'), 'application/octet-stream')
    })

    it('from the future as modified now (RFC 9110 §8.8.2.1)', async () => {
      assert.equal((await get('future.txt')).fields.get('last-modified'), DAY_AFTER_DATE)
    })

    it('that is empty, and leaves no file open', async () => {
      const { files, ask } = setUp()
      const { content } = await ask(file('empty.txt', { root: '/root' }))
      assert.equal(files.openCount, 0)
      assert.equal((content as FileContent).length, 0)
      ;(content as FileContent).discard()
    })

    it('and returns a response without a file unchanged', async () => {
      const answer = text('hello')
      assert.equal(await setUp().ask(answer), answer)
    })
  })

  describe('the fields and the status of the handler', () => {
    it('take precedence over those of the file', async () => {
      const headers = { 'content-type': 'text/x-own', etag: '"own"', 'Last-Modified': YEAR_BEFORE_DATE }
      const { fields } = await get('digits.txt', {}, { headers })
      assert.deepEqual(fields.lines.slice(0, 3), Object.entries(headers))
      assert.equal(fields.lines.length, 4)
    })

    const cases: [rule: string, headers: FieldsInit, fields: Record<string, string>, status: number][] = [
      ['If-None-Match is compared with its tag', { ETag: '"own"' }, { 'if-none-match': '"own"' }, 304],
      ['If-None-Match is not compared with the replaced tag', { ETag: '"own"' }, { 'if-none-match': etag }, 200],
      ['a weak tag satisfies no If-Range', { ETag: 'W/"own"' }, { range: 'bytes=0-1', 'if-range': 'W/"own"' }, 200],
      [
        'If-Modified-Since is compared with its date',
        { 'Last-Modified': YEAR_BEFORE_DATE },
        { 'if-modified-since': YEAR_BEFORE_DATE },
        304,
      ],
      [
        'If-Modified-Since is compared with the date of the file when its own is invalid',
        { 'Last-Modified': 'lately' },
        { 'if-modified-since': NEW_YEAR_DATE },
        304,
      ],
      ['Accept-Ranges: none disables ranges', { 'Accept-Ranges': 'none' }, { range: 'bytes=0-1' }, 200],
    ]
    for (const [rule, headers, fields, status] of cases) {
      it(rule, async () => assert.equal((await get('digits.txt', { fields }, { headers })).status, status))
    }

    it('set the media type of each part of a multipart, not of the whole', async () => {
      const question = { fields: { range: 'bytes=0-1,3-3' } }
      const { fields, content } = await get('digits.txt', question, { headers: { 'content-type': 'text/x-own' } })
      assert.equal(fields.get('content-type'), 'multipart/byteranges; boundary=BOUNDARY')
      assert.include(content, 'Content-Type: text/x-own\r\n')
    })

    const off: [rule: string, question: Question, init: FileInit][] = [
      ['another status', {}, { status: 404 }],
      ['another method', { method: 'POST' }, {}],
    ]
    for (const [rule, question, init] of off) {
      it(`disable validators, preconditions and ranges: ${rule}`, async () => {
        const fields = { range: 'bytes=0-1', 'if-none-match': '*', 'if-match': '"x"' }
        const response = await get('digits.txt', { ...question, fields }, init)
        assert.equal(response.status, init.status ?? 200)
        assert.equal(response.content, DIGITS)
        assert.deepEqual(response.fields.lines, [['Content-Type', 'text/plain; charset=utf-8']])
      })
    }
  })

  describe('a path without a regular file', () => {
    const cases: [path: string, status: number, rule: string][] = [
      ['nothing.txt', 404, 'a missing file'],
      ['../digits.txt', 404, 'a path that leaves the root'],
      ['site//', 404, 'an empty segment'],
      ['digits.txt/', 404, 'a file requested as a folder'],
      ['sealed.txt', 403, 'an unreadable file'],
      ['site/', 200, 'a folder with an index'],
      ['bare/', 404, 'a folder without an index'],
      ['bare', 404, 'a folder without an index and without its trailing slash'],
    ]
    for (const [path, status, rule] of cases) {
      it(`gets ${status}: ${rule}`, async () => assert.equal((await get(path, { path: '/' + path })).status, status))
    }

    it('gets 404 whatever the preconditions (RFC 9110 §13.2.1)', async () => {
      assert.equal((await get('nothing.txt', { fields: { 'if-match': '"x"', 'if-none-match': '*' } })).status, 404)
    })

    it('gets a problem as text when the peer prefers text', async () => {
      const { fields } = await get('nothing.txt', { fields: { accept: 'text/plain' } })
      assert.equal(fields.get('content-type'), 'text/plain; charset=utf-8')
    })

    it('gets the index when it is the root', async () => {
      const { files, ask } = setUp({ 'index.html': { content: 'home' } })
      assert.equal(contentOf(files, await ask(file('', { root: '/root' }))), 'home')
    })

    it('rejects on an I/O error', async () => {
      await assertRejects(get('broken.txt'), 'EIO')
    })

    const redirects: [path: string, location: string | null, rule: string][] = [
      ['/files/site', 'site/', 'relative to the request'],
      ['/site', 'site/', 'at the top'],
      ['//evil.example/site', 'site/', 'never to a host that the path looks like'],
      ['//evil.example', 'evil.example/', 'never as a host'],
      ['/\\evil.example', '%5Cevil.example/', 'without a backslash that reads as a slash'],
      ['/javascript:alert(1)', 'javascript%3Aalert(1)/', 'never with a scheme'],
      ['/a b?c#d', 'a%20b%3Fc%23d/', 'with its delimiters escaped'],
      ['/a%2Fb%25c', 'a%2Fb%25c/', 'with its escapes as they are'],
      ['/ü\r\nSet-Cookie: a', '%C3%BC%0D%0ASet-Cookie%3A%20a/', 'with line breaks escaped'],
      ['/elsewhere/', null, 'not when the request has the trailing slash'],
    ]
    for (const [path, location, rule] of redirects) {
      it(`is redirected from ${JSON.stringify(path)} to the folder with its trailing slash: ${rule}`, async () => {
        const { status, fields } = await get('site', { path })
        assert.equal(status, location === null ? 404 : 308)
        assert.equal(fields.get('location'), location)
      })
    }

    it('is never redirected to another origin', () =>
      fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (rest) => {
          fc.pre(!rest.includes('%'))
          const { fields } = await get('site', { path: `/${rest}` })
          const location = new URL(fields.get('location') ?? '', 'http://here.example/folder/')
          assert.equal(location.origin, 'http://here.example')
        }),
      ))
  })

  describe('closes the file', () => {
    async function several() {
      const { files, ask } = setUp()
      const { content } = await ask(file('digits.txt'), { fields: { range: 'bytes=0-0,2-2,4-4' } })
      const parts = (content as FileContent).parts.filter((part) => typeof part !== 'string')
      return { files, content: content as FileContent, parts }
    }

    it('after the last part is released, in any order', async () => {
      const { files, parts } = await several()
      const [one, two, three] = parts as [FilePart, FilePart, FilePart]
      two.released(null)
      three.released(new Error('reset'))
      assert.equal(files.openCount, 1)
      one.released(null)
      assert.equal(files.openCount, 0)
    })

    it('when the content is discarded, and only once', async () => {
      const { files, content, parts } = await several()
      content.discard()
      assert.equal(files.openCount, 0)
      content.discard()
      for (const part of parts) part.released(null)
    })

    it('once, even if the content is discarded after all was sent', async () => {
      const { content, parts } = await several()
      for (const part of parts) part.released(null)
      content.discard()
    })

    for (const [status, fields] of [
      [304, { 'if-none-match': '*' }],
      [412, { 'if-match': '"x"' }],
      [416, { range: 'bytes=99-' }],
    ] as const) {
      it(`at once for a ${status}`, async () => {
        const { files, ask } = setUp()
        assert.equal((await ask(file('digits.txt'), { fields })).status, status)
        assert.equal(files.openCount, 0)
      })
    }
  })
})
