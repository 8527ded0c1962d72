import { assert } from 'chai'
import { describe, it } from 'mocha'
import { CONTINUE, chunkLine, writeHead } from '../../../src/domain/framing/head-writer.js'
import { parseResponses } from '../../wire/response-parser.js'

describe('writeHead() (RFC 9112 §4)', () => {
  const cases: [status: number, line: string, rule: string][] = [
    [200, 'HTTP/1.1 200 OK', 'a registered status has its phrase'],
    [404, 'HTTP/1.1 404 Not Found', 'a phrase of several words'],
    [299, 'HTTP/1.1 299 ', 'an unregistered status has an empty phrase, after a space'],
    [599, 'HTTP/1.1 599 ', 'statuses up to 599 are supported'],
  ]
  for (const [status, line, rule] of cases) {
    it(rule, () => assert.equal(writeHead(status, '', '', '', ''), `${line}\r\n\r\n`))
  }

  it('joins the lines and ends with an empty line', () => {
    const head = writeHead(200, 'Date: d\r\n', 'Connection: close\r\n', 'X: y\r\n', 'Content-Length: 0\r\n')
    const [response] = parseResponses(Buffer.from(head), ['GET'])
    assert.sameDeepMembers(
      [...response!.fields],
      [
        ['date', 'd'],
        ['connection', 'close'],
        ['x', 'y'],
        ['content-length', '0'],
      ],
    )
  })
})

describe('Text around content', () => {
  it('an interim response is only a head', () => {
    assert.deepEqual(parseResponses(Buffer.from(CONTINUE), []), [
      { status: 100, reason: 'Continue', fields: [], content: '', framing: 'none' },
    ])
  })

  const sizes: [octets: number, line: string][] = [
    [1, '1\r\n'],
    [10, 'a\r\n'],
    [255, 'ff\r\n'],
    [65_536, '10000\r\n'],
  ]
  for (const [octets, line] of sizes) {
    it(`a chunk of ${octets} octets begins with ${JSON.stringify(line)}`, () => assert.equal(chunkLine(octets), line))
  }
})
