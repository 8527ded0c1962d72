import { assert } from 'chai'
import { describe, it } from 'mocha'
import { preferred, withCharset } from '../../../src/domain/representation/media-type.js'

describe('Media types', () => {
  const charsets: [mediaType: string, expected: string, rule: string][] = [
    ['text/html', 'text/html; charset=utf-8', 'text gets a charset'],
    ['TEXT/css', 'TEXT/css; charset=utf-8', 'case does not matter'],
    ['text/javascript', 'text/javascript; charset=utf-8', 'JavaScript gets a charset'],
    ['application/javascript', 'application/javascript; charset=utf-8', 'JavaScript gets a charset under its old name'],
    ['text/plain; format=flowed', 'text/plain; format=flowed; charset=utf-8', 'the charset follows other parameters'],
    ['text/plain;Charset=latin1', 'text/plain;Charset=latin1', 'an existing charset stays'],
    ['application/json', 'application/json', 'JSON gets none (RFC 8259 §11)'],
    ['text/xml', 'text/xml', 'XML declares its own'],
    ['image/svg+xml', 'image/svg+xml', 'XML declares its own'],
    ['image/png', 'image/png', 'an image gets none'],
  ]
  for (const [mediaType, expected, rule] of charsets) {
    it(`withCharset(): ${rule} (${mediaType})`, () => assert.equal(withCharset(mediaType), expected))
  }

  const PROBLEM = 'application/problem+json'
  const TEXT = 'text/plain; charset=utf-8'
  const accepts: [accept: string | null, expected: string | null, rule: string][] = [
    [null, PROBLEM, 'without the field, our first choice'],
    ['', PROBLEM, 'an empty field leaves the choice to us'],
    ['*/*', PROBLEM, 'every type is acceptable'],
    ['text/plain', TEXT, 'the type itself, without our parameters'],
    ['Text/Plain', TEXT, 'case does not matter'],
    ['text/*', TEXT, 'any subtype'],
    ['text/html, text/*;q=0.5, */*;q=0.1', TEXT, 'a named type comes before a wildcard'],
    ['text/plain;q=0.5, application/*;q=0.6', PROBLEM, 'the higher weight wins'],
    ['text/plain;q=0.5, */*', PROBLEM, 'the more specific range gives the weight (§12.5.1)'],
    ['text/plain;q=0, text/*', null, 'the more specific range decides even with weight 0'],
    ['application/problem+json;q=0, */*', TEXT, 'a type with weight 0 is not sent'],
    ['text/plain;version=0.0.4;q=0.5, */*;q=0.1', TEXT, 'parameters of a range are not compared'],
    ['text/plain;x="a,b;q=0", */*;q=0.1', TEXT, 'commas and weights in quotes are ignored'],
    ['image/png', null, 'no type that we offer'],
    ['*', null, 'a lone star is not a range'],
    ['text/plain;q=nan', PROBLEM, 'a range with a malformed weight is ignored'],
  ]
  for (const [accept, expected, rule] of accepts) {
    it(`preferred(): ${rule}`, () => assert.equal(preferred(accept, [PROBLEM, TEXT]), expected))
  }

  it('preferred(): returns null without offers', () => {
    assert.isNull(preferred(null, []))
    assert.isNull(preferred('*/*', []))
  })
})
