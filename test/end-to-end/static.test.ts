import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { curl, describeWithCurl } from './support/curl.js'
import { inEachWay } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { valueOf, valuesOf, type RawResponse } from '../wire/response-parser.js'
import { startServer, type RunningServer } from './support/server.js'

/** A hundred octets that show their position. */
const DIGITS = Array.from({ length: 10 }, (_, ten) => `${ten}.23456789`).join('')
const PAGE = '<!doctype html><p>compressible '.repeat(50)
const LARGE = Buffer.alloc(5_000_000, 'Portico ')
const CHANGED = 'Sat, 01 Jun 2024 10:00:00 GMT'
const SECRET = 'the secret outside'

inEachWay(describeWithCurl)('static files, tested with curl,', () => {
  let folder: TemporaryFolder
  let server: RunningServer

  const get = async (path: string, ...parameters: string[]): Promise<RawResponse> =>
    (await curl(['--path-as-is', ...parameters, `${server.origin}/files${path}`])).response
  const with_ = (...fields: string[]): string[] => fields.flatMap((field) => ['-H', field])
  const etagOf = async (path: string): Promise<string> => valueOf(await get(path), 'etag')!

  before(async () => {
    folder = new TemporaryFolder({
      'root/index.html': '<!doctype html>home',
      'root/digits.txt': DIGITS,
      'root/page.html': PAGE,
      'root/page.html.br': brotliCompressSync(PAGE),
      'root/page.html.gz': gzipSync(PAGE),
      'root/large.bin': LARGE,
      'root/empty.txt': '',
      'root/odd name %.txt': 'odd',
      'root/grüße.txt': 'greetings',
      'root/with-index/index.html': 'an index',
      'root/without-index/file.txt': 'x',
      'root/.hidden': SECRET,
      'root/.git/config': SECRET,
      'secret.txt': SECRET,
      'root-beside/secret.txt': SECRET,
    })
    const root = join(folder.path, 'root')
    symlinkSync('../secret.txt', join(root, 'link-out.txt'))
    symlinkSync('..', join(root, 'link-up'))
    symlinkSync('digits.txt', join(root, 'link-in.txt'))
    mkdirSync(join(root, 'folder.txt'))
    utimesSync(join(root, 'digits.txt'), new Date(CHANGED), new Date(CHANGED))
    server = await startServer({ flags: ['--static', root, '--set', 'static.prefix=/files/'] })
  })
  after(async () => {
    await server.stop('SIGKILL')
    folder.remove()
  })

  it('are sent with type, length, validators and Accept-Ranges', async () => {
    const response = await get('/digits.txt')
    assert.equal(response.status, 200)
    assert.equal(response.content, DIGITS)
    assert.equal(valueOf(response, 'content-type'), 'text/plain; charset=utf-8')
    assert.equal(valueOf(response, 'content-length'), '100')
    assert.equal(valueOf(response, 'last-modified'), CHANGED)
    assert.equal(valueOf(response, 'accept-ranges'), 'bytes')
    assert.equal(valueOf(response, 'cache-control'), 'no-cache')
    assert.match(valueOf(response, 'etag')!, /^"[!#-~]+"$/)
  })

  it('get the fields of GET and no content for HEAD', async () => {
    const [head, whole] = [await get('/digits.txt', '--head'), await get('/digits.txt')]
    assert.equal(head.content, '')
    const steady = ({ fields }: RawResponse): unknown =>
      fields.filter(([name]) => !['date', 'x-request-id'].includes(name))
    assert.deepEqual(steady(head), steady(whole))
  })

  it('may be large or empty', async () => {
    assert.isTrue((await get('/large.bin')).content === LARGE.toString('latin1'))
    const empty = await get('/empty.txt')
    assert.deepEqual([empty.status, valueOf(empty, 'content-length'), empty.content], [200, '0', ''])
  })

  it('may have any name', async () => {
    assert.equal((await get('/odd%20name%20%25.txt')).content, 'odd')
    assert.equal((await get('/gr%C3%BC%C3%9Fe.txt')).content, 'greetings')
  })

  it('of a folder are its index; a path without the slash is redirected', async () => {
    assert.equal((await get('/with-index/')).content, 'an index')
    assert.equal((await get('/')).content, '<!doctype html>home')
    const redirect = await get('/with-index')
    assert.deepEqual([redirect.status, valueOf(redirect, 'location')], [308, 'with-index/'])
  })

  it('behind a link that stays inside the folder are sent', async () => {
    assert.equal((await get('/link-in.txt')).content, DIGITS)
  })

  it('allow no other method', async () => {
    const response = await get('/digits.txt', '--request', 'PUT', '--data', 'x')
    assert.equal(response.status, 405)
    assert.sameMembers(valueOf(response, 'allow')!.split(', '), ['GET', 'HEAD', 'OPTIONS'])
  })

  describe('are not found', () => {
    const hidden = [
      '/missing.txt',
      '/without-index/',
      '/without-index',
      '/folder.txt',
      '/.hidden',
      '/.git/config',
      '/link-out.txt',
      '/link-up/secret.txt',
      '/digits.txt/',
      '/digits.txt/x',
      '/digits.txt%00.html',
      '/digits.txt%2F',
      '/%ff%fe.txt',
    ]
    const outside = [
      '/../secret.txt',
      '/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/.%2e/secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e%2fsecret.txt',
      '/%252e%252e%252fsecret.txt',
      '/..%5csecret.txt',
      '/..%255csecret.txt',
      '/with-index/../../secret.txt',
      '/with-index/..%2f..%2fsecret.txt',
      '/..;/secret.txt',
      '/.../secret.txt',
      '/%c0%ae%c0%ae/secret.txt',
      '/../root-beside/secret.txt',
      '//etc/passwd',
      '/%2fetc%2fpasswd',
      '/../../../../../../../../etc/passwd',
      '/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
      '/proc/self/environ',
    ]
    for (const path of [...hidden, ...outside]) {
      it(path, async () => {
        const response = await get(path)
        assert.oneOf(response.status, path.includes('%00') ? [400] : [404])
        assert.notInclude(response.content, SECRET)
        assert.notInclude(response.content, 'root:')
      })
    }

    it('when they are not regular files: a pipe without a writer blocks nobody', async function () {
      if (process.platform === 'win32') this.skip()
      execFileSync('mkfifo', [join(folder.path, 'root', 'pipe.txt')])
      assert.equal((await get('/pipe.txt')).status, 404)
      assert.equal((await get('/digits.txt')).status, 200)
    })
  })

  describe('in ranges', () => {
    const single: [range: string, status: number, contentRange: string | undefined, content: string][] = [
      ['bytes=0-9', 206, 'bytes 0-9/100', '0.23456789'],
      ['bytes=90-', 206, 'bytes 90-99/100', '9.23456789'],
      ['bytes=-3', 206, 'bytes 97-99/100', '789'],
      ['bytes=-1000', 206, 'bytes 0-99/100', DIGITS],
      ['bytes=95-1000', 206, 'bytes 95-99/100', '56789'],
      ['BYTES=0-0', 206, 'bytes 0-0/100', '0'],
      ['bytes=100-', 416, 'bytes */100', ''],
      ['bytes=-0', 416, 'bytes */100', ''],
      ['bytes=9-0', 200, undefined, DIGITS],
      ['bytes=a-b', 200, undefined, DIGITS],
      ['lines=0-9', 200, undefined, DIGITS],
      ['bytes=0-1,2-3,4-5,6-7,8-9', 200, undefined, DIGITS],
      ['bytes=0-50,40-60', 200, undefined, DIGITS],
    ]
    for (const [range, status, contentRange, content] of single) {
      it(`${range}: ${status}`, async () => {
        const response = await get('/digits.txt', ...with_(`Range: ${range}`))
        assert.equal(response.status, status)
        assert.equal(valueOf(response, 'content-range'), contentRange)
        if (status !== 416) assert.equal(response.content, content)
      })
    }

    it('several at once are multipart/byteranges', async () => {
      const response = await get('/digits.txt', ...with_('Range: bytes=0-1, 50-51,-2'))
      assert.equal(response.status, 206)
      assert.isUndefined(valueOf(response, 'content-range'))
      const boundary = /^multipart\/byteranges; ?boundary="?([\w'()+,\-./:=? ]{1,70})"?$/.exec(
        valueOf(response, 'content-type')!,
      )![1]!
      assert.deepEqual(partsOf(response.content, boundary), [
        ['bytes 0-1/100', 'text/plain; charset=utf-8', '0.'],
        ['bytes 50-51/100', 'text/plain; charset=utf-8', '5.'],
        ['bytes 98-99/100', 'text/plain; charset=utf-8', '89'],
      ])
    })

    it('apply only to GET', async () => {
      const response = await get('/digits.txt', '--head', ...with_('Range: bytes=0-9'))
      assert.deepEqual([response.status, valueOf(response, 'content-length')], [200, '100'])
    })

    it('far inside a large file', async () => {
      const response = await get('/large.bin', ...with_('Range: bytes=4000000-4999999'))
      assert.isTrue(response.content === LARGE.toString('latin1', 4_000_000, 5_000_000))
    })

    it('with If-Range only if the representation is the same', async () => {
      const etag = await etagOf('/digits.txt')
      const ask = async (ifRange: string): Promise<number> =>
        (await get('/digits.txt', ...with_('Range: bytes=0-9', `If-Range: ${ifRange}`))).status
      assert.equal(await ask(etag), 206)
      assert.equal(await ask(`W/${etag}`), 200, 'a weak tag never matches')
      assert.equal(await ask('"other"'), 200)
      assert.equal(await ask(CHANGED), 206)
      assert.equal(await ask('Sat, 01 Jun 2024 10:00:01 GMT'), 200, 'the date must be equal')
    })
  })

  describe('under conditions', () => {
    const LATER = 'Sun, 02 Jun 2024 10:00:00 GMT'
    const EARLIER = 'Fri, 31 May 2024 10:00:00 GMT'
    const cases: [status: number, fields: (etag: string) => string[], what: string][] = [
      [304, (etag) => [`If-None-Match: ${etag}`], 'If-None-Match with its tag'],
      [304, (etag) => [`If-None-Match: "x", W/${etag}`], 'If-None-Match with its tag, weak and in a list'],
      [304, () => ['If-None-Match: *'], 'If-None-Match with an asterisk'],
      [200, () => ['If-None-Match: "x"'], 'If-None-Match with another tag'],
      [304, () => [`If-Modified-Since: ${CHANGED}`], 'If-Modified-Since with its date'],
      [304, () => [`If-Modified-Since: ${LATER}`], 'If-Modified-Since with a later date'],
      [200, () => [`If-Modified-Since: ${EARLIER}`], 'If-Modified-Since with an earlier date'],
      [200, () => ['If-Modified-Since: yesterday'], 'If-Modified-Since without a date'],
      [200, () => ['If-None-Match: "x"', `If-Modified-Since: ${LATER}`], 'If-None-Match, which overrides the date'],
      [200, (etag) => [`If-Match: ${etag}`], 'If-Match with its tag'],
      [412, (etag) => [`If-Match: W/${etag}`], 'If-Match with its tag, weak'],
      [412, () => ['If-Match: "x"'], 'If-Match with another tag'],
      [200, () => ['If-Match: *'], 'If-Match with an asterisk'],
      [412, () => [`If-Unmodified-Since: ${EARLIER}`], 'If-Unmodified-Since with an earlier date'],
      [200, () => [`If-Unmodified-Since: ${CHANGED}`], 'If-Unmodified-Since with its date'],
      [200, (etag) => [`If-Match: ${etag}`, `If-Unmodified-Since: ${EARLIER}`], 'If-Match, which overrides the date'],
      [412, (etag) => ['If-Match: "x"', `If-None-Match: ${etag}`], 'If-Match before If-None-Match'],
      [304, (etag) => [`If-None-Match: ${etag}`, 'Range: bytes=0-9'], 'If-None-Match before Range'],
    ]
    for (const [status, fields, what] of cases) {
      it(`${what}: ${status}`, async () => {
        const etag = await etagOf('/digits.txt')
        const response = await get('/digits.txt', ...with_(...fields(etag)))
        assert.equal(response.status, status)
        if (status === 304) {
          assert.equal(response.content, '')
          assert.equal(valueOf(response, 'etag'), etag)
          assert.equal(valueOf(response, 'cache-control'), 'no-cache')
          assert.isUndefined(valueOf(response, 'content-type'))
        }
      })
    }

    it('with tags that curl stored', async () => {
      const etags = join(folder.path, 'etags')
      const first = await curl(['--etag-save', etags, `${server.origin}/files/digits.txt`])
      const second = await curl(['--etag-compare', etags, `${server.origin}/files/digits.txt`])
      assert.deepEqual([first.response.status, second.response.status], [200, 304])
    })

    it('get a new tag when they change', async () => {
      folder.write('root/changing.txt', 'one')
      const before = await etagOf('/changing.txt')
      folder.write('root/changing.txt', 'two')
      assert.notEqual(await etagOf('/changing.txt'), before)
    })
  })

  describe('with precompressed variants', () => {
    const decoders: Record<string, (octets: Buffer) => Buffer> = { br: brotliDecompressSync, gzip: gunzipSync }
    const cases: [acceptEncoding: string, coding: string | undefined][] = [
      ['br', 'br'],
      ['gzip', 'gzip'],
      ['gzip, deflate, br', 'br'],
      ['br;q=0.5, gzip;q=0.9', 'gzip'],
      ['br;q=0, *', 'gzip'],
      ['identity', undefined],
      ['deflate', undefined],
      ['gzip;q=0', undefined],
    ]
    for (const [acceptEncoding, coding] of cases) {
      it(`Accept-Encoding "${acceptEncoding}" gets ${coding ?? 'the file itself'}`, async () => {
        const response = await get('/page.html', ...with_(`Accept-Encoding: ${acceptEncoding}`))
        assert.equal(response.status, 200)
        assert.equal(valueOf(response, 'content-encoding'), coding)
        assert.equal(valueOf(response, 'content-type'), 'text/html; charset=utf-8')
        assert.include(valuesOf(response, 'vary').join(', '), 'Accept-Encoding')
        const octets = Buffer.from(response.content, 'latin1')
        assert.equal((coding === undefined ? octets : decoders[coding]!(octets)).toString(), PAGE)
      })
    }

    it('have a tag for each coding', async () => {
      const tags = await Promise.all(
        ['br', 'gzip', 'identity'].map(async (coding) =>
          valueOf(await get('/page.html', ...with_(`Accept-Encoding: ${coding}`)), 'etag'),
        ),
      )
      assert.equal(new Set(tags).size, 3)
    })

    it('send Vary even without a precompressed variant', async () => {
      assert.include(valuesOf(await get('/digits.txt'), 'vary').join(', '), 'Accept-Encoding')
    })
  })
})

/** Parses multipart/byteranges strictly (RFC 2046 §5.1). */
function partsOf(content: string, boundary: string): [contentRange: string, contentType: string, content: string][] {
  const [preamble, ...rest] = `\r\n${content}`.split(`\r\n--${boundary}`)
  assert.equal(preamble, '')
  assert.match(rest.pop()!, /^--(?:\r\n)?$/)
  return rest.map((part) => {
    const [head = '', body = ''] = part.split('\r\n\r\n')
    const value = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? ''
    return [value('Content-Range').trim(), value('Content-Type').trim(), body]
  })
}
