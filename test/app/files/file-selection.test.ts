import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { file } from '../../../src/domain/message/response-makers.js'
import { assertRejects, DAY_AFTER_DATE, DIGITS, get, NEW_YEAR_DATE, setUp, YEAR_BEFORE_DATE } from './file-tree.js'

const PART = /Content-Range: bytes (\d+)-(\d+)\/10\r\n\r\n(\d+)/g

const etag = (await get('digits.txt')).fields.get('etag')!

describe('the representation that FileResponder selects', () => {
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
        'If-None-Match disables If-Modified-Since',
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
        'If-Match disables If-Unmodified-Since',
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
      ['an If-Range that fails prevents 416', { range: 'bytes=99-', 'if-range': '"x"' }, 200, DIGITS],
      ['304 takes precedence over a range', { range: 'bytes=2-4', 'if-none-match': etag }, 304, ''],
      ['412 takes precedence over a range', { range: 'bytes=99-', 'if-match': '"x"' }, 412, 'problem'],
      ['a range with a precondition that holds', { range: 'bytes=2-4', 'if-match': etag }, 206, '234', partial],
    ]
    for (const [rule, fields, status, content, contentRange] of cases) {
      it(`${status} to GET: ${rule}`, async () => {
        const response = await get('digits.txt', { fields })
        assert.equal(response.status, status)
        if (content === 'problem') assert.equal(response.fields.get('content-type'), 'application/problem+json')
        else assert.equal(response.content, content)
        assert.equal(response.fields.get('content-range'), contentRange ?? null)
      })

      it(`to HEAD the same as to GET, except for ranges: ${rule}`, async () => {
        const { range, ...conditions } = fields
        const toHead = await get('digits.txt', {
          method: 'HEAD',
          fields: { ...conditions, range: range ?? 'bytes=0-1' },
        })
        assert.deepEqual(toHead, await get('digits.txt', { fields: conditions }))
      })
    }

    it('sends several ranges as multipart/byteranges', async () => {
      const { status, fields, content } = await get('digits.txt', { fields: { range: 'bytes=0-1,-2' } })
      assert.equal(status, 206)
      assert.equal(fields.get('content-type'), 'multipart/byteranges; boundary=BOUNDARY')
      assert.isNull(fields.get('content-range'))
      const head = '--BOUNDARY\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes'
      assert.equal(content, `${head} 0-1/10\r\n\r\n01\r\n${head} 8-9/10\r\n\r\n89\r\n--BOUNDARY--\r\n`)
    })

    it('sends all of an empty file for a suffix range, and answers 416 to any other range', async () => {
      assert.equal((await get('empty.txt', { fields: { range: 'bytes=-5' } })).status, 200)
      assert.equal((await get('empty.txt', { fields: { range: 'bytes=0-' } })).status, 416)
    })

    it('sends only the fields that a cache needs with a 304 (RFC 9110 §15.4.5)', async () => {
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
        ['brotli when the peer accepts both', 'page.html', 'gzip, deflate, br', 'BR', 'br'],
        ['gzip when the peer does not accept brotli', 'page.html', 'gzip, deflate', 'GZIP', 'gzip'],
        ['gzip when the peer prefers it', 'page.html', 'br;q=0.5, gzip', 'GZIP', 'gzip'],
        ['gzip when there is no brotli file', 'only.css', 'br, gzip', 'GZ', 'gzip'],
        ['the file itself when the peer refuses the coding', 'only.css', 'br, gzip;q=0', 'a {}', null],
        ['the file itself when the peer prefers it', 'page.html', 'identity, br;q=0.5', '<p>whole</p>', null],
        ['the file itself when the peer names no coding', 'page.html', null, '<p>whole</p>', null],
        ['the file itself when it has no sibling', 'digits.txt', 'br, gzip', DIGITS, null],
        ['the file itself when its sibling is unreadable', 'odd.js', 'gzip', 'odd', null],
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

    it('have separate tags, which preconditions compare', async () => {
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

    it('have ranges of their encoded octets', async () => {
      const fields = { 'accept-encoding': 'gzip', range: 'bytes=1-2' }
      const response = await get('page.html', { fields }, { precompressed: true })
      assert.equal(response.status, 206)
      assert.equal(response.content, 'ZI')
      assert.equal(response.fields.get('content-range'), 'bytes 1-2/4')
      assert.equal(response.fields.get('content-encoding'), 'gzip')
    })

    it('are announced to caches by Vary, on a 304 too', async () => {
      const fields = { 'accept-encoding': 'br', 'if-none-match': '*' }
      const response = await get('page.html', { fields }, { precompressed: true })
      assert.equal(response.status, 304)
      assert.equal(response.fields.get('vary'), 'Accept-Encoding')
      assert.isNull(response.fields.get('content-encoding'))
    })

    it('cause 406 when the peer accepts no coding', async () => {
      const response = await get('digits.txt', { fields: { 'accept-encoding': '*;q=0' } }, { precompressed: true })
      assert.equal(response.status, 406)
    })

    it('are not used when the reference does not ask for them', async () => {
      const response = await get('page.html', { fields: { 'accept-encoding': 'br' } })
      assert.equal(response.content, '<p>whole</p>')
      assert.isNull(response.fields.get('vary'))
    })

    const own: [name: string, value: string][] = [
      ['ETag', '"own"'],
      ['Content-Encoding', 'x-own'],
    ]
    for (const [name, value] of own) {
      it(`are not used when the handler sets ${name}`, async () => {
        const question = { fields: { 'accept-encoding': 'br' } }
        const response = await get('page.html', question, { precompressed: true, headers: { [name]: value } })
        assert.equal(response.content, '<p>whole</p>')
        assert.equal(response.fields.get(name), value)
      })
    }

    it('are announced by Vary even when the handler sets Vary', async () => {
      const { fields } = await get('page.html', {}, { precompressed: true, headers: { Vary: 'Origin' } })
      const vary = fields.lines.filter(([name]) => name === 'Vary').map(([, value]) => value)
      assert.deepEqual(vary, ['Origin', 'Accept-Encoding'])
    })

    it('leave no file open when a sibling cannot be opened', async () => {
      const { files, ask } = setUp()
      const question = { fields: { 'accept-encoding': 'br' } }
      await assertRejects(ask(file('odd.js', { precompressed: true }), question), 'EMFILE')
      assert.equal(files.openCount, 0)
    })
  })

  it('sends exactly the octets that the ranges name, and the number that it promised', () => {
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
