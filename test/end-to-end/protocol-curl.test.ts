import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { curl, describeWithCurl } from './support/curl.js'
import { inEachWay } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { PROBE } from './support/probe-plugin.js'
import { valueOf, valuesOf } from '../wire/response-parser.js'
import { startServer, type RunningServer } from './support/server.js'

const KIB = 1024

inEachWay(describeWithCurl)('the protocol, tested with curl,', () => {
  let folder: TemporaryFolder
  let server: RunningServer
  const url = (path: string): string => server.origin + path

  before(async () => {
    folder = new TemporaryFolder({ 'probe.js': PROBE })
    server = await startServer({ flags: ['--plugins', folder.path] })
  })
  after(async () => {
    await server.stop('SIGKILL')
    folder.remove()
  })

  it('answers GET with its content, and with date, server and persistence', async () => {
    const { response, code } = await curl([url('/plain')])
    assert.equal(code, 0)
    assert.equal(response.status, 200)
    assert.equal(response.content, 'plain\n')
    assert.equal(valueOf(response, 'content-type'), 'text/plain; charset=utf-8')
    assert.equal(valueOf(response, 'server'), 'Portico')
    assert.match(valueOf(response, 'date')!, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
    assert.equal(valueOf(response, 'connection'), 'keep-alive')
    assert.equal(valueOf(response, 'keep-alive'), 'timeout=75, max=999')
  })

  it('answers HEAD with the fields of GET and without content', async () => {
    const [get, head] = [await curl([url('/plain')]), await curl(['--head', url('/plain')])]
    assert.equal(head.code, 0)
    assert.equal(head.response.content, '')
    assert.deepEqual(steadyFields(head.response), steadyFields(get.response))
    assert.equal(valueOf(head.response, 'content-length'), '6')
  })

  it('serves two requests on one connection', async () => {
    const { responses, printed } = await curl(['--verbose', url('/plain'), url('/pieces')])
    assert.deepEqual(
      responses.map(({ framing, content }) => [framing, content]),
      [
        ['length', 'plain\n'],
        ['chunked', 'one two three\n'],
      ],
    )
    assert.include(printed, 'Re-using existing connection')
  })

  it('closes the connection when curl requests that', async () => {
    const { response, printed } = await curl(['--verbose', '-H', 'Connection: close', url('/plain')])
    assert.equal(valueOf(response, 'connection'), 'close')
    assert.isUndefined(valueOf(response, 'keep-alive'))
    assert.include(printed, 'Closing connection')
  })

  describe('uploads', () => {
    const content = 'x'.repeat(200 * KIB)

    for (const [name, parameters] of [
      ['as form data', ['--data-binary', '@-', '-H', 'Expect: 100-continue']],
      ['as a file', ['--request', 'POST', '--upload-file', '-', '-H', 'Expect: 100-continue']],
      ['chunked', ['--request', 'POST', '-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue', '-T', '-']],
    ] as const) {
      it(`${name}: sends 100 Continue, then echoes the content`, async () => {
        const { responses, printed } = await curl(['--verbose', ...parameters, url('/echo')], content)
        assert.deepEqual(
          responses.map(({ status }) => status),
          [100, 200],
        )
        assert.deepEqual(responses[0]!.fields, [])
        assert.include(printed, '< HTTP/1.1 100 Continue')
        assert.isTrue(responses[1]!.content === content, 'the content is the same')
        assert.equal(valueOf(responses[1]!, 'connection'), 'keep-alive')
      })
    }

    it('chunked without an expectation is echoed without an interim response', async () => {
      const parameters = ['--request', 'POST', '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', '-T', '-']
      const { responses } = await curl([...parameters, url('/echo')], content)
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200],
      )
      assert.isTrue(responses[0]!.content === content, 'the content is the same')
    })

    it('that the handler does not read get the final status instead of 100, and the connection closes', async () => {
      const parameters = ['--data-binary', '@-', '-H', 'Expect: 100-continue']
      const { responses } = await curl([...parameters, url('/unread')], content)
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200],
      )
      assert.equal(valueOf(responses[0]!, 'connection'), 'close')
    })

    it('that are too large are refused before any content is sent', async () => {
      const parameters = ['--data-binary', '@-', '-H', 'Expect: 100-continue']
      const { responses } = await curl([...parameters, url('/echo')], 'x'.repeat(1024 * KIB + 1))
      assert.deepEqual(
        responses.map(({ status }) => status),
        [413],
      )
    })

    it('without content get no 100', async () => {
      const { responses } = await curl(['--data-binary', '', '-H', 'Expect: 100-continue', url('/echo')])
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200],
      )
    })
  })

  describe('HTTP/1.0', () => {
    it('gets a response of known length, and the connection closes', async () => {
      const { response } = await curl(['--http1.0', url('/plain')])
      assert.equal(response.framing, 'length')
      assert.equal(response.content, 'plain\n')
      assert.equal(valueOf(response, 'connection'), 'close')
    })

    it('gets a stream that ends with the connection', async () => {
      const { response, code } = await curl(['--http1.0', url('/pieces')])
      assert.equal(code, 0)
      assert.equal(response.framing, 'close')
      assert.equal(response.content, 'one two three\n')
      assert.equal(valueOf(response, 'connection'), 'close')
    })
  })

  describe('methods', () => {
    it('OPTIONS lists the methods of the resource', async () => {
      const { response } = await curl(['--request', 'OPTIONS', url('/plain')])
      assert.equal(response.status, 204)
      assert.sameMembers(membersOf(valueOf(response, 'allow')), ['GET', 'HEAD', 'OPTIONS'])
    })

    it('OPTIONS * lists the methods of the server', async () => {
      const { response } = await curl(['--request', 'OPTIONS', '--request-target', '*', url('/')])
      assert.equal(response.status, 204)
      assert.sameMembers(membersOf(valueOf(response, 'allow')), ['GET', 'HEAD', 'OPTIONS', 'POST'])
    })

    it('a method that the resource does not have gets 405 with its methods, and the connection persists', async () => {
      const { responses, printed } = await curl(['--verbose', '--request', 'DELETE', url('/plain'), url('/plain')])
      assert.deepEqual(
        responses.map(({ status }) => status),
        [405, 405],
      )
      assert.sameMembers(membersOf(valueOf(responses[0]!, 'allow')), ['GET', 'HEAD', 'OPTIONS'])
      assert.include(printed, 'Re-using existing connection')
    })

    it('an unknown method gets 501', async () => {
      const { response } = await curl(['--request', 'BREW', url('/plain')])
      assert.equal(response.status, 501)
      assert.equal(valueOf(response, 'connection'), 'close')
    })
  })

  describe('errors', () => {
    const cases: [status: number, what: string, parameters: string[], path: string][] = [
      [404, 'a path without a route', [], '/nowhere'],
      [405, 'a method that the route does not have', ['--request', 'PUT'], '/plain'],
      [414, 'a target that is too long', [], `/${'a'.repeat(9000)}`],
      [417, 'an unknown expectation', ['-H', 'Expect: a-miracle'], '/plain'],
      [431, 'a head that is too large', ['-H', `X-Large: ${'a'.repeat(17 * KIB)}`], '/plain'],
      [501, 'an unsupported transfer coding', ['-d', 'x', '-H', 'Transfer-Encoding: gzip, chunked'], '/echo'],
    ]
    for (const [status, what, parameters, path] of cases) {
      it(`${what}: ${status} as problem details, with a request id`, async () => {
        const { response } = await curl([...parameters, url(path)])
        assert.equal(response.status, status)
        assert.equal(valueOf(response, 'content-type'), 'application/problem+json')
        assert.deepEqual(JSON.parse(response.content), { type: 'about:blank', title: response.reason, status })
        assert.match(valueOf(response, 'x-request-id')!, /^[\w-]+$/)
      })
    }

    it('are plain text if the client prefers that', async () => {
      const { response } = await curl(['-H', 'Accept: text/plain', url('/nowhere')])
      assert.equal(valueOf(response, 'content-type'), 'text/plain; charset=utf-8')
      assert.equal(response.content, '404 Not Found\n')
      assert.deepEqual(valuesOf(response, 'vary'), ['Accept'])
    })

    it('repeat nothing that the client sent', async () => {
      const { response } = await curl(['-H', 'X-Mark: mark7', '--user-agent', 'mark7', url('/mark7?mark7=mark7')])
      assert.equal(response.status, 404)
      assert.notInclude(response.content + JSON.stringify(response.fields), 'mark7')
    })
  })

  it('gives each response its own id', async () => {
    const { responses } = await curl([url('/plain'), url('/plain'), url('/nowhere')])
    const ids = responses.map((response) => valueOf(response, 'x-request-id'))
    assert.equal(new Set(ids).size, 3)
    assert.notInclude(ids, undefined)
  })

  describe('traces', () => {
    const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

    it('a valid traceparent is in the access log', async () => {
      const { response } = await curl(['-H', `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`, url('/plain')])
      const line = await server.accessLine(valueOf(response, 'x-request-id')!)
      assert.equal(line['trace'], TRACE)
    })

    it('a malformed traceparent is replaced by a new trace', async () => {
      const { response } = await curl(['-H', 'traceparent: 00-00000000000000000000000000000000-0-01', url('/plain')])
      const line = await server.accessLine(valueOf(response, 'x-request-id')!)
      assert.match(line['trace'] as string, /^(?!0{32})[0-9a-f]{32}$/)
    })
  })
})

/** The fields that are the same in every response. */
function steadyFields({ fields }: { fields: readonly (readonly [string, string])[] }): string[] {
  return fields.filter(([name]) => name !== 'date' && name !== 'x-request-id').map((line) => line.join(': '))
}

const membersOf = (list: string | undefined): string[] => (list ?? '').split(', ')
