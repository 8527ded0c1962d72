import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ChunkExtensions } from '../../../src/domain/framing/chunk-extensions.js'
import { outcomeOf } from './reading.js'

/** The result of reading a chunk line after its size: `end` at the CR that ends it, `more` without one. */
function walk(text: string): string {
  const extensions = new ChunkExtensions()
  return outcomeOf(() => ([...Buffer.from(text, 'latin1')].some((octet) => extensions.take(octet)) ? 'end' : 'more'))
}

describe('ChunkExtensions (RFC 9112 §7.1.1)', () => {
  const good = [
    ';a\r',
    ';a=b\r',
    ';a="b"\r',
    ';a=""\r',
    ';a;b\r',
    ';a=b;c="d";e\r',
    ' \t;\t a \t=\t b \t;c\r',
    ';a ;b\r',
    ';a="b" ; c\r',
  ]
  const quoted = [';a=";"\r', ';a="\\""\r', ';a="\\\\"\r', ';a="\xff\t"\r', ';a="\\\xff"\r']
  for (const text of [...good, ...quoted]) {
    it(`${JSON.stringify(text)} ends, and not before`, () => {
      assert.equal(walk(text), 'end')
      assert.equal(walk(text.slice(0, -1)), 'more')
    })
  }

  const cases: [text: string, rule: string][] = [
    ['\x00', '400 chunk-size'],
    [' \r', '400 chunk-size'],
    [' 5', '400 chunk-size'],
    ['\n', '400 bare-lf'],
    [';\r', '400 chunk-extension'],
    [';\n', '400 bare-lf'],
    [';=', '400 chunk-extension'],
    [';;', '400 chunk-extension'],
    [';"', '400 chunk-extension'],
    [';a\n', '400 bare-lf'],
    [';a\x00', '400 chunk-extension'],
    [';a b', '400 chunk-extension'],
    [';a \r', '400 chunk-extension'],
    [';a=\r', '400 chunk-extension'],
    [';a= \r', '400 chunk-extension'],
    [';a=;', '400 chunk-extension'],
    [';a=b\n', '400 bare-lf'],
    [';a=b=', '400 chunk-extension'],
    [';a=b"', '400 chunk-extension'],
    [';a=b \r', '400 chunk-extension'],
    [';a=b c', '400 chunk-extension'],
    [';a="\r', '400 chunk-extension'],
    [';a="\n', '400 chunk-extension'],
    [';a="\\\r', '400 chunk-extension'],
    [';a="\\\n', '400 chunk-extension'],
    [';a="b"c', '400 chunk-extension'],
    [';a="b"\n', '400 bare-lf'],
    [';a="b" \r', '400 chunk-extension'],
  ]
  for (const [text, rule] of cases) {
    it(`${JSON.stringify(text)} is refused at its last octet: ${rule}`, () => {
      assert.equal(walk(text), rule)
      assert.equal(walk(text.slice(0, -1)), 'more')
    })
  }

  it('starts again for the next chunk', () => {
    const extensions = new ChunkExtensions()
    for (const octet of Buffer.from(';a="b')) extensions.take(octet)
    extensions.reset()
    assert.isFalse(extensions.take(';'.charCodeAt(0)))
  })
})
