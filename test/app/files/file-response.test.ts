import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { FileResponder } from '../../../src/app/files/file-response.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import type { FieldsInit } from '../../../src/domain/message/response-fields.js'
import { file, text, type FileInit } from '../../../src/domain/message/response-makers.js'
import type { FileContent, SendableResponse } from '../../../src/app/serving/sendable-response.js'
import type { Response } from '../../../src/domain/message/response.js'
import type { FilePart } from '../../../src/ports/serving/file-part.js'
import { FakeFiles, type FakeEntry } from '../../fakes/fake-files.js'

const NOW = Date.UTC(2024, 0, 2)
const NEW_YEAR = Date.UTC(2024, 0, 1)
const NEW_YEAR_DATE = 'Mon, 01 Jan 2024 00:00:00 GMT'
const DAY_AFTER_DATE = 'Tue, 02 Jan 2024 00:00:00 GMT'
const YEAR_BEFORE_DATE = 'Sun, 01 Jan 2023 00:00:00 GMT'
const DIGITS = '0123456789'

const TREE: Record<string, FakeEntry> = {
  'digits.txt': { content: DIGITS, modifiedMs: NEW_YEAR + 0.25 },
  'empty.txt': { content: '', modifiedMs: NEW_YEAR },
  'future.txt': { content: 'x', modifiedMs: NOW + 86_400_000 },
  'page.html': { content: '<p>whole</p>', modifiedMs: NEW_YEAR },
  'page.html.br': { content: 'BR', modifiedMs: NEW_YEAR },
  'page.html.gz': { content: 'GZIP', modifiedMs: NEW_YEAR },
  'only.css': { content: 'a {}', modifiedMs: NEW_YEAR },
  'only.css.gz': { content: 'GZ', modifiedMs: NEW_YEAR },
  'odd.js': { content: 'odd' },
  'odd.js.br': new Error('EMFILE'),
  'odd.js.gz': 'forbidden',
  'blob.unheard-of': { content: 'blob' },
  'site/index.html': { content: '<p>site</p>' },
  'bare/readme.txt': { content: 'no index here' },
  'sealed.txt': 'forbidden',
  'broken.txt': new Error('EIO'),
}

const TYPES: Record<string, string> = { txt: 'text/plain', html: 'text/html', css: 'text/css', js: 'text/javascript' }

interface Question {
  readonly method?: string
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
}

/** A responder over the tree, and what is open in it. */
function setUp(tree: Record<string, FakeEntry> = TREE) {
  const files = new FakeFiles(tree)
  const mediaType = (path: string): string | null => TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? null
  const responder = new FileResponder(
    files,
    mediaType,
    () => 'BOUNDARY',
    () => NOW,
  )
  const ask = (
    answer: Response,
    { method = 'GET', path = '/', fields = {} }: Question = {},
  ): Promise<SendableResponse> =>
    Promise.resolve(responder.respond({ method, path, headers: FieldSection.of(Object.entries(fields)) }, answer))
  return { files, ask }
}

/** The response to a request for a file below the root, its content read and released. */
async function get(path: string, question: Question = {}, init: FileInit = {}) {
  const { files, ask } = setUp()
  const response = await ask(file(path, { root: '/root', ...init }), question)
  const content = contentOf(files, response)
  assert.equal(files.openCount, 0, 'open files after the content was sent')
  return { status: response.status, fields: response.fields, content }
}

function contentOf(files: FakeFiles, { content }: SendableResponse): string {
  if (content === null) return ''
  if (typeof content === 'string') return content
  const { parts, length } = content as FileContent
  const sent = parts.map((part) => (typeof part === 'string' ? part : sentOf(files, part))).join('')
  assert.equal(sent.length, length, 'the length of the parts is the length promised')
  return sent
}

function sentOf(files: FakeFiles, part: FilePart): string {
  const octets = files.read(part.descriptor, part.offset, part.length)
  part.released(null)
  return octets
}

const etag = (await get('digits.txt')).fields.get('etag')!

describe('FileResponder', () => {
  describe('describes a file', () => {
    it('by type, tag, date and ranges', async () => {
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

    it('of an unknown type as octets', async () => {
      assert.equal((await get('blob.unheard-of')).fields.get('content-type'), 'application/octet-stream')
    })

    it('from the future as modified now (RFC 9110 §8.8.2.1)', async () => {
      assert.equal((await get('future.txt')).fields.get('last-modified'), DAY_AFTER_DATE)
    })

    it('that is empty, with nothing left open', async () => {
      const { files, ask } = setUp()
      const { content } = await ask(file('empty.txt', { root: '/root' }))
      assert.equal(files.openCount, 0)
      assert.equal((content as FileContent).length, 0)
      ;(content as FileContent).discard()
    })

    it('and leaves an answer that is no file as it is', async () => {
      const answer = text('hello')
      assert.equal(await setUp().ask(answer), answer)
    })
  })

  describe('preconditions and ranges', () => {
    const partial = 'bytes 2-4/10'
    const cases: [
      rule: string,
      fields: Record<string, string>,
      status: number,
      content: string,
      contentRange?: string,
    ][] = [
      ['If-None-Match with the tag', { 'if-none-match': etag }, 304, ''],
      ['If-None-Match with the weak tag', { 'if-none-match': `W/${etag}` }, 304, ''],
      ['If-None-Match *', { 'if-none-match': '*' }, 304, ''],
      ['If-None-Match with another tag', { 'if-none-match': '"x"' }, 200, DIGITS],
      [
        'If-None-Match switches If-Modified-Since off',
        { 'if-none-match': '"x"', 'if-modified-since': DAY_AFTER_DATE },
        200,
        DIGITS,
      ],
      ['If-Modified-Since the same second', { 'if-modified-since': NEW_YEAR_DATE }, 304, ''],
      ['If-Modified-Since before', { 'if-modified-since': YEAR_BEFORE_DATE }, 200, DIGITS],
      ['If-Match with the tag', { 'if-match': etag }, 200, DIGITS],
      ['If-Match with the weak tag', { 'if-match': `W/${etag}` }, 412, 'problem'],
      ['If-Match with another tag', { 'if-match': '"x"' }, 412, 'problem'],
      ['If-Unmodified-Since before', { 'if-unmodified-since': YEAR_BEFORE_DATE }, 412, 'problem'],
      [
        'If-Match switches If-Unmodified-Since off',
        { 'if-match': etag, 'if-unmodified-since': YEAR_BEFORE_DATE },
        200,
        DIGITS,
      ],
      ['one range', { range: 'bytes=2-4' }, 206, '234', partial],
      ['a suffix', { range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
      ['an open end', { range: 'bytes=8-' }, 206, '89', 'bytes 8-9/10'],
      ['an unknown unit', { range: 'lines=1-2' }, 200, DIGITS],
      ['a malformed range', { range: 'bytes=4-2' }, 200, DIGITS],
      ['a range beyond the end', { range: 'bytes=10-' }, 416, 'problem', 'bytes */10'],
      ['overlapping ranges', { range: 'bytes=0-4,2-6' }, 200, DIGITS],
      ['more than four ranges', { range: 'bytes=0-0,2-2,4-4,6-6,8-8' }, 200, DIGITS],
      ['If-Range with the tag', { range: 'bytes=2-4', 'if-range': etag }, 206, '234', partial],
      ['If-Range with another tag', { range: 'bytes=2-4', 'if-range': '"x"' }, 200, DIGITS],
      ['If-Range with the date', { range: 'bytes=2-4', 'if-range': NEW_YEAR_DATE }, 206, '234', partial],
      ['If-Range with a later date', { range: 'bytes=2-4', 'if-range': DAY_AFTER_DATE }, 200, DIGITS],
      ['If-Range that fails saves from 416', { range: 'bytes=99-', 'if-range': '"x"' }, 200, DIGITS],
      ['304 goes before a range', { range: 'bytes=2-4', 'if-none-match': etag }, 304, ''],
      ['412 goes before a range', { range: 'bytes=99-', 'if-match': '"x"' }, 412, 'problem'],
      ['a range behind a precondition that holds', { range: 'bytes=2-4', 'if-match': etag }, 206, '234', partial],
    ]
    for (const [rule, fields, status, content, contentRange] of cases) {
      it(`${status} to GET: ${rule}`, async () => {
        const response = await get('digits.txt', { fields })
        assert.equal(response.status, status)
        if (content === 'problem') assert.equal(response.fields.get('content-type'), 'application/problem+json')
        else assert.equal(response.content, content)
        assert.equal(response.fields.get('content-range'), contentRange ?? null)
      })

      it(`to HEAD as to GET, but for ranges: ${rule}`, async () => {
        const { range, ...conditions } = fields
        const toHead = await get('digits.txt', {
          method: 'HEAD',
          fields: { ...conditions, range: range ?? 'bytes=0-1' },
        })
        assert.deepEqual(toHead, await get('digits.txt', { fields: conditions }))
      })
    }

    it('lays several ranges out as multipart/byteranges', async () => {
      const { status, fields, content } = await get('digits.txt', { fields: { range: 'bytes=0-1,-2' } })
      assert.equal(status, 206)
      assert.equal(fields.get('content-type'), 'multipart/byteranges; boundary=BOUNDARY')
      assert.isNull(fields.get('content-range'))
      const head = '--BOUNDARY\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes'
      assert.equal(content, `${head} 0-1/10\r\n\r\n01\r\n${head} 8-9/10\r\n\r\n89\r\n--BOUNDARY--\r\n`)
    })

    it('sends the end of an empty file as the whole of it, and its beginning not at all', async () => {
      assert.equal((await get('empty.txt', { fields: { range: 'bytes=-5' } })).status, 200)
      assert.equal((await get('empty.txt', { fields: { range: 'bytes=0-' } })).status, 416)
    })

    it('gives a 304 what a cache must know, and no more of the content (RFC 9110 §15.4.5)', async () => {
      const headers = { 'Cache-Control': 'max-age=60', 'Access-Control-Allow-Origin': '*', 'Content-Language': 'en' }
      const question = { fields: { 'if-none-match': '*' } }
      const { fields } = await get('page.html', question, { headers, precompressed: true })
      assert.deepEqual(
        fields.lines.map(([name]) => name),
        ['Cache-Control', 'Access-Control-Allow-Origin', 'Vary', 'ETag', 'Last-Modified'],
      )
    })
  })

  describe('precompressed siblings', () => {
    const cases: [rule: string, path: string, acceptEncoding: string | null, content: string, coding: string | null][] =
      [
        ['brotli where both are welcome', 'page.html', 'gzip, deflate, br', 'BR', 'br'],
        ['gzip where brotli is not', 'page.html', 'gzip, deflate', 'GZIP', 'gzip'],
        ['gzip where it is liked better', 'page.html', 'br;q=0.5, gzip', 'GZIP', 'gzip'],
        ['gzip where there is no brotli', 'only.css', 'br, gzip', 'GZ', 'gzip'],
        ['the file where its coding is refused', 'only.css', 'br, gzip;q=0', 'a {}', null],
        ['the file where it is liked better', 'page.html', 'identity, br;q=0.5', '<p>whole</p>', null],
        ['the file where no coding is named', 'page.html', null, '<p>whole</p>', null],
        ['the file where it has no sibling', 'digits.txt', 'br, gzip', DIGITS, null],
        ['the file where its sibling may not be read', 'odd.js', 'gzip', 'odd', null],
      ]
    for (const [rule, path, acceptEncoding, expected, coding] of cases) {
      it(`sends ${rule}`, async () => {
        const fields: Record<string, string> = acceptEncoding === null ? {} : { 'accept-encoding': acceptEncoding }
        const response = await get(path, { fields }, { precompressed: true })
        assert.equal(response.status, 200)
        assert.equal(response.content, expected)
        assert.equal(response.fields.get('content-encoding'), coding)
        assert.equal(response.fields.get('vary'), 'Accept-Encoding')
        assert.equal(response.fields.get('content-type'), (await get(path)).fields.get('content-type'))
      })
    }

    it('have tags of their own, which preconditions compare', async () => {
      const ask = (acceptEncoding: string, tag: string) =>
        get(
          'page.html',
          { fields: { 'accept-encoding': acceptEncoding, 'if-none-match': tag } },
          { precompressed: true },
        )
      const tags = await Promise.all(
        ['br', 'gzip', 'identity'].map(async (each) => (await ask(each, '"x"')).fields.get('etag')!),
      )
      assert.equal(new Set(tags).size, 3)
      assert.equal((await ask('br', tags[0]!)).status, 304)
      assert.equal((await ask('br', tags[1]!)).status, 200)
    })

    it('have ranges, of the octets as they are encoded', async () => {
      const fields = { 'accept-encoding': 'gzip', range: 'bytes=1-2' }
      const response = await get('page.html', { fields }, { precompressed: true })
      assert.equal(response.status, 206)
      assert.equal(response.content, 'ZI')
      assert.equal(response.fields.get('content-range'), 'bytes 1-2/4')
      assert.equal(response.fields.get('content-encoding'), 'gzip')
    })

    it('are told of to caches on a 304 too', async () => {
      const fields = { 'accept-encoding': 'br', 'if-none-match': '*' }
      const response = await get('page.html', { fields }, { precompressed: true })
      assert.equal(response.status, 304)
      assert.equal(response.fields.get('vary'), 'Accept-Encoding')
      assert.isNull(response.fields.get('content-encoding'))
    })

    it('are not all refused without being told: 406', async () => {
      const response = await get('digits.txt', { fields: { 'accept-encoding': '*;q=0' } }, { precompressed: true })
      assert.equal(response.status, 406)
    })

    it('are left alone where the reference does not ask for them', async () => {
      const response = await get('page.html', { fields: { 'accept-encoding': 'br' } })
      assert.equal(response.content, '<p>whole</p>')
      assert.isNull(response.fields.get('vary'))
    })

    const own: [name: string, value: string][] = [
      ['ETag', '"own"'],
      ['Content-Encoding', 'x-own'],
    ]
    for (const [name, value] of own) {
      it(`are left alone where the handler sets ${name}`, async () => {
        const question = { fields: { 'accept-encoding': 'br' } }
        const response = await get('page.html', question, { precompressed: true, headers: { [name]: value } })
        assert.equal(response.content, '<p>whole</p>')
        assert.equal(response.fields.get(name), value)
      })
    }

    it('are still told of where the handler has a Vary of its own', async () => {
      const { fields } = await get('page.html', {}, { precompressed: true, headers: { Vary: 'Origin' } })
      const vary = fields.lines.filter(([name]) => name === 'Vary').map(([, value]) => value)
      assert.deepEqual(vary, ['Origin', 'Accept-Encoding'])
    })

    it('leave nothing open when one of them cannot be opened', async () => {
      const { files, ask } = setUp()
      const question = { fields: { 'accept-encoding': 'br' } }
      await assertRejects(ask(file('odd.js', { precompressed: true }), question), 'EMFILE')
      assert.equal(files.openCount, 0)
    })
  })

  describe('what the handler set', () => {
    it('wins over what the file tells', async () => {
      const headers = { 'content-type': 'text/x-own', etag: '"own"', 'Last-Modified': YEAR_BEFORE_DATE }
      const { fields } = await get('digits.txt', {}, { headers })
      assert.deepEqual(fields.lines.slice(0, 3), Object.entries(headers))
      assert.equal(fields.lines.length, 4)
    })

    const cases: [rule: string, headers: FieldsInit, fields: Record<string, string>, status: number][] = [
      ['its tag is what is compared', { ETag: '"own"' }, { 'if-none-match': '"own"' }, 304],
      ['the tag it replaced is not', { ETag: '"own"' }, { 'if-none-match': etag }, 200],
      ['a weak tag satisfies no If-Range', { ETag: 'W/"own"' }, { range: 'bytes=0-1', 'if-range': 'W/"own"' }, 200],
      [
        'its date is what is compared',
        { 'Last-Modified': YEAR_BEFORE_DATE },
        { 'if-modified-since': YEAR_BEFORE_DATE },
        304,
      ],
      ['a date that is none is not', { 'Last-Modified': 'lately' }, { 'if-modified-since': NEW_YEAR_DATE }, 304],
      ['Accept-Ranges: none means it', { 'Accept-Ranges': 'none' }, { range: 'bytes=0-1' }, 200],
    ]
    for (const [rule, headers, fields, status] of cases) {
      it(rule, async () => assert.equal((await get('digits.txt', { fields }, { headers })).status, status))
    }

    it('stands in each part of a multipart, not around it', async () => {
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
      it(`switches validators, preconditions and ranges off: ${rule}`, async () => {
        const fields = { range: 'bytes=0-1', 'if-none-match': '*', 'if-match': '"x"' }
        const response = await get('digits.txt', { ...question, fields }, init)
        assert.equal(response.status, init.status ?? 200)
        assert.equal(response.content, DIGITS)
        assert.deepEqual(response.fields.lines, [['Content-Type', 'text/plain; charset=utf-8']])
      })
    }
  })

  describe('what is no file', () => {
    const cases: [path: string, status: number, rule: string][] = [
      ['nothing.txt', 404, 'a file that is not there'],
      ['../digits.txt', 404, 'a path that leaves'],
      ['site//', 404, 'an empty segment'],
      ['digits.txt/', 404, 'a file taken for a folder'],
      ['sealed.txt', 403, 'a file that may not be read'],
      ['site/', 200, 'a folder with an index'],
      ['bare/', 404, 'a folder without one'],
      ['bare', 404, 'a folder without one, without its slash'],
    ]
    for (const [path, status, rule] of cases) {
      it(`gets ${status}: ${rule}`, async () => assert.equal((await get(path, { path: '/' + path })).status, status))
    }

    it('gets 404 whatever it is conditional on (RFC 9110 §13.2.1)', async () => {
      assert.equal((await get('nothing.txt', { fields: { 'if-match': '"x"', 'if-none-match': '*' } })).status, 404)
    })

    it('gets text where that is preferred', async () => {
      const { fields } = await get('nothing.txt', { fields: { accept: 'text/plain' } })
      assert.equal(fields.get('content-type'), 'text/plain; charset=utf-8')
    })

    it('serves the index of the root itself', async () => {
      const { files, ask } = setUp({ 'index.html': { content: 'home' } })
      assert.equal(contentOf(files, await ask(file('', { root: '/root' }))), 'home')
    })

    it('throws when files cannot be opened at all', async () => {
      await assertRejects(get('broken.txt'), 'EIO')
    })

    const redirects: [path: string, location: string | null, rule: string][] = [
      ['/files/site', 'site/', 'relative to the request'],
      ['/site', 'site/', 'at the top'],
      ['//evil.example/site', 'site/', 'never with the host that a path may look like'],
      ['//evil.example', 'evil.example/', 'never as a host'],
      ['/\\evil.example', '%5Cevil.example/', 'without a backslash that reads as a slash'],
      ['/javascript:alert(1)', 'javascript%3Aalert(1)/', 'never with a scheme'],
      ['/a b?c#d', 'a%20b%3Fc%23d/', 'with its delimiters escaped'],
      ['/a%2Fb%25c', 'a%2Fb%25c/', 'with its escapes as they are'],
      ['/ü\r\nSet-Cookie: a', '%C3%BC%0D%0ASet-Cookie%3A%20a/', 'with line breaks escaped'],
      ['/elsewhere/', null, 'not where the request has its slash'],
    ]
    for (const [path, location, rule] of redirects) {
      it(`sends ${JSON.stringify(path)} to the folder with its slash: ${rule}`, async () => {
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

  describe('gives the file back', () => {
    async function several() {
      const { files, ask } = setUp()
      const { content } = await ask(file('digits.txt'), { fields: { range: 'bytes=0-0,2-2,4-4' } })
      const parts = (content as FileContent).parts.filter((part) => typeof part !== 'string')
      return { files, content: content as FileContent, parts }
    }

    it('after the last part, whichever it is', async () => {
      const { files, parts } = await several()
      const [one, two, three] = parts as [FilePart, FilePart, FilePart]
      two.released(null)
      three.released(new Error('reset'))
      assert.equal(files.openCount, 1)
      one.released(null)
      assert.equal(files.openCount, 0)
    })

    it('when it is discarded, and only once', async () => {
      const { files, content, parts } = await several()
      content.discard()
      assert.equal(files.openCount, 0)
      content.discard()
      for (const part of parts) part.released(null)
    })

    it('once when it is discarded after all was sent', async () => {
      const { content, parts } = await several()
      for (const part of parts) part.released(null)
      content.discard()
    })

    for (const [status, fields] of [
      [304, { 'if-none-match': '*' }],
      [412, { 'if-match': '"x"' }],
      [416, { range: 'bytes=99-' }],
    ] as const) {
      it(`at once on ${status}`, async () => {
        const { files, ask } = setUp()
        assert.equal((await ask(file('digits.txt'), { fields })).status, status)
        assert.equal(files.openCount, 0)
      })
    }
  })

  it('sends exactly the octets that the ranges name, and as many as it promised', () => {
    const bound = fc.option(fc.nat(14).map(String), { nil: '' })
    const spec = fc.tuple(bound, bound).map(([first, last]) => `${first}-${last}`)
    const range = fc.array(spec, { minLength: 1, maxLength: 6 }).map((specs) => `bytes=${specs.join(',')}`)
    return fc.assert(
      fc.asyncProperty(range, async (text) => {
        const { status, fields, content } = await get('digits.txt', { fields: { range: text } })
        if (status === 200) assert.equal(content, DIGITS)
        if (status !== 206) return
        const parts = [...`Content-Range: ${fields.get('content-range') ?? ''}\r\n\r\n${content}`.matchAll(PART)]
        assert.isNotEmpty(parts)
        for (const [, first, last, octets] of parts) assert.equal(octets, DIGITS.slice(Number(first), Number(last) + 1))
      }),
    )
  })
})

const PART = /Content-Range: bytes (\d+)-(\d+)\/10\r\n\r\n(\d+)/g

async function assertRejects(promise: Promise<unknown>, message: string): Promise<void> {
  const reason: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  assert.propertyVal(reason, 'message', message)
}
