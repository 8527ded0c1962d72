import { assert } from 'chai'
import { describe, it } from 'mocha'
import { flat } from '../../../src/domain/octets/flat-string.js'
import { NumberedLines } from '../../../src/domain/framing/numbered-lines.js'

describe('NumberedLines', () => {
  it('contain the number in decimal, and end with CRLF', () => {
    const lines = new NumberedLines('Content-Length: ')
    for (const value of [0, 1, 20, 1023, 1024, 1025, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      for (const time of ['first', 'second']) assert.equal(lines.of(value), `Content-Length: ${value}\r\n`, time)
    }
  })

  it('of two kinds are cached separately', () => {
    const [one, other] = [new NumberedLines('A: '), new NumberedLines('B: ')]
    assert.deepEqual([one.of(1), other.of(1)], ['A: 1\r\n', 'B: 1\r\n'])
  })
})

describe('flat()', () => {
  it('returns an equal string', () => {
    const octets = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet))
    for (const text of ['', 'a', octets]) assert.equal(flat(text), text)
  })
})
