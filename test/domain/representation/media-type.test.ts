import { assert } from 'chai'
import { describe, it } from 'mocha'
import { preferred, withCharset } from '../../../src/domain/representation/media-type.js'

describe('Media types', () => {
  const charsets: [mediaType: string, expected: string, rule: string][] = [
    ['text/html', 'text/html; charset=utf-8', 'text has one'],
    ['TEXT/css', 'TEXT/css; charset=utf-8', 'case does not count'],
    ['text/javascript', 'text/javascript; charset=utf-8', 'JavaScript has one'],
    ['application/javascript', 'application/javascript; charset=utf-8', 'JavaScript has one under its old name'],
    ['text/plain; format=flowed', 'text/plain; format=flowed; charset=utf-8', 'it joins other parameters'],
    ['text/plain;Charset=latin1', 'text/plain;Charset=latin1', 'one that is there stays'],
    ['application/json', 'application/json', 'JSON has none (RFC 8259 §11)'],
    ['text/xml', 'text/xml', 'XML tells its own'],
    ['image/svg+xml', 'image/svg+xml', 'XML tells its own'],
    ['image/png', 'image/png', 'a picture has none'],
  ]
  for (const [mediaType, expected, rule] of charsets) {
    it(`withCharset(): ${rule} (${mediaType})`, () => assert.equal(withCharset(mediaType), expected))
  }

  const PROBLEM = 'application/problem+json'
  const TEXT = 'text/plain; charset=utf-8'
  const accepts: [accept: string | null, expected: string | null, rule: string][] = [
    [null, PROBLEM, 'without the field, our first choice'],
    ['', PROBLEM, 'an empty field leaves the choice to us'],
    ['*/*', PROBLEM, 'anything goes'],
    ['text/plain', TEXT, 'the type itself, our parameters aside'],
    ['Text/Plain', TEXT, 'case does not count'],
    ['text/*', TEXT, 'any subtype'],
    ['text/html, text/*;q=0.5, */*;q=0.1', TEXT, 'what a peer names comes before what it puts up with'],
    ['text/plain;q=0.5, application/*;q=0.6', PROBLEM, 'the higher weight wins'],
    ['text/plain;q=0.5, */*', PROBLEM, 'the more specific range gives the weight (§12.5.1)'],
    ['text/plain;q=0, text/*', null, 'even a weight of 0'],
    ['application/problem+json;q=0, */*', TEXT, 'what is refused is not sent'],
    ['text/plain;version=0.0.4;q=0.5, */*;q=0.1', TEXT, 'parameters of a range are not compared'],
    ['text/plain;x="a,b;q=0", */*;q=0.1', TEXT, 'nor what stands in quotes'],
    ['image/png', null, 'nothing we have'],
    ['*', null, 'a lone star is no range'],
    ['text/plain;q=nan', PROBLEM, 'a malformed weight says nothing'],
  ]
  for (const [accept, expected, rule] of accepts) {
    it(`preferred(): ${rule}`, () => assert.equal(preferred(accept, [PROBLEM, TEXT]), expected))
  }

  it('preferred(): chooses nothing from nothing', () => {
    assert.isNull(preferred(null, []))
    assert.isNull(preferred('*/*', []))
  })
})
