import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ReadableStream } from 'node:stream/web'
import { responseOf } from '../../../src/app/serving/answer.js'
import { NO_RESPONSE_FIELDS } from '../../../src/domain/message/response-fields.js'
import { text } from '../../../src/domain/message/response-makers.js'
import type { Answer } from '../../../src/ports/plugins/plugin.js'

const withContent = (content: unknown): unknown => ({ status: 200, fields: NO_RESPONSE_FIELDS, content })

describe('responseOf()', () => {
  it('makes text of a string', () => {
    assert.equal(responseOf('hello', 'GET /').content, 'hello')
  })

  it('returns a response as it is', () => {
    const response = text('hello')
    assert.strictEqual(responseOf(response, 'GET /'), response)
  })

  const mistakes: [answer: unknown, message: string][] = [
    [Buffer.from('png'), "returned a Buffer. Wrap it: bytes(buffer, 'image/png')"],
    [new Uint8Array(3), "returned a Uint8Array. Wrap it: bytes(octets, 'image/png')"],
    [new ArrayBuffer(3), "returned an ArrayBuffer. Wrap it: bytes(octets, 'image/png')"],
    [undefined, "returned undefined. Return a response, such as text('done') or empty()"],
    [null, "returned null. Return a response, such as text('done') or empty()"],
    [new ReadableStream(), 'returned a ReadableStream. Wrap it: stream(pieces)'],
    [new Set(['a']), 'returned a Set. Wrap it: stream(pieces)'],
    [42, 'returned a number. Wrap it: json(value)'],
    [['a secret'], 'returned an Array. Wrap it: json(value)'],
    [{ name: 'a secret', age: 5 }, 'returned an object with the keys name, age. Wrap it: json(value)'],
    [{}, 'returned an object without keys. Wrap it: json(value)'],
    [() => 'x', "returned a function. Return a response, such as text('done')"],
    [
      { ...(withContent('x') as object), status: 99 },
      'returned a response with status 99. Use a status from 200 to 599',
    ],
    [
      withContent(5),
      'returned a response whose content is a number. Make responses with text(), html(), json(), bytes(), stream() or file()',
    ],
    [
      withContent({ kind: 'parts', parts: [] }),
      'returned a response whose content is an object with the keys kind, parts. Make responses with text(), html(), json(), bytes(), stream() or file()',
    ],
  ]
  for (const [answer, message] of mistakes) {
    it(`tells the author what to do: ${message}`, () => {
      let found = ''
      try {
        responseOf(answer as Answer, 'GET /thumb')
      } catch (error) {
        found = (error as Error).message
      }
      assert.equal(found, `Handler GET /thumb ${message}`)
    })
  }
})
