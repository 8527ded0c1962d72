import { assert } from 'chai'
import { describe, it } from 'mocha'
import { HeadReader } from '../../../src/domain/framing/head-reader.js'
import type { Limits } from '../../../src/domain/framing/limits.js'
import { LIMITS } from '../../wire/dialogue.js'
import { countingOctets, outcomeOf } from './reading.js'

const HEAD = 'GET /a HTTP/1.1\r\nHost: a\r\nX: \t b \r\n\r\n'

function read(text: string, limits: Limits = LIMITS): unknown {
  const octets = Buffer.from(text, 'latin1')
  return outcomeOf(() => new HeadReader(limits, false).read(octets, 0, octets.length))
}

describe('HeadReader', () => {
  it('reads the elements of a head', () => {
    const octets = Buffer.from(HEAD)
    const head = new HeadReader(LIMITS, false).read(octets, 0, octets.length)!
    assert.deepInclude(head, { method: 'GET', target: '/a', minor: 1, length: HEAD.length })
    assert.deepEqual(
      [...head.fields],
      [
        ['host', 'a'],
        ['x', 'b'],
      ],
    )
  })

  it('starts at any position, and stops where the head ends', () => {
    const octets = Buffer.from(`....${HEAD}rest`)
    assert.equal(new HeadReader(LIMITS, false).read(octets, 4, octets.length)!.length, HEAD.length)
  })

  it('counts the empty lines before it', () => {
    const octets = Buffer.from(`\r\n\r\n${HEAD}`)
    const head = new HeadReader(LIMITS, false).read(octets, 0, octets.length)!
    assert.equal(head.length, HEAD.length + 4)
    assert.equal(head.method, 'GET')
  })

  it('reads one head after the other', () => {
    const octets = Buffer.from(`\r\n${HEAD}POST /b HTTP/1.0\r\n\r\n`)
    const reader = new HeadReader(LIMITS, false)
    const first = reader.read(octets, 0, octets.length)!
    const second = reader.read(octets, first.length, octets.length)!
    assert.deepInclude(second, { method: 'POST', target: '/b', minor: 0 })
    assert.equal(second.fields.size, 0)
    assert.equal(first.fields.get('x'), 'b')
  })

  it('continues when the octets move to another buffer', () => {
    for (let cut = 0; cut < HEAD.length; cut++) {
      const reader = new HeadReader(LIMITS, false)
      const before = Buffer.from(`..${HEAD.slice(0, cut)}`)
      assert.isNull(reader.read(before, 2, before.length))
      const head = reader.read(Buffer.from(`.......${HEAD}`), 7, 7 + HEAD.length)!
      assert.equal(head.target, '/a')
      assert.equal(head.fields.get('host'), 'a')
    }
  })

  it('knows whether a request has begun', () => {
    const reader = new HeadReader(LIMITS, false)
    const begun: boolean[] = []
    for (const text of ['', '\r', '\r\n', '\r\nG']) {
      reader.read(Buffer.from(text), 0, text.length)
      begun.push(reader.begun)
    }
    assert.deepEqual(begun, [false, false, false, true])
  })

  it('after a head, no request has begun', () => {
    const reader = new HeadReader(LIMITS, false)
    reader.read(Buffer.from(HEAD), 0, HEAD.length)
    assert.isFalse(reader.begun)
  })

  it('reads each octet a bounded number of times, even when they arrive one by one', () => {
    const { octets, looks } = countingOctets(
      `\r\nGET /${'a'.repeat(200)} HTTP/1.1\r\nHost: a\r\n${'X:   y z   \r\n'.repeat(50)}\r\n`,
    )
    const reader = new HeadReader(LIMITS, false)
    for (let to = 0; to < octets.length; to++) assert.isNull(reader.read(octets, 0, to))
    assert.isNotNull(reader.read(octets, 0, octets.length))
    assert.isAtMost(Math.max(...looks), 5)
  })

  it('reads each octet of a run of spaces a bounded number of times', () => {
    const { octets, looks } = countingOctets(`GET / HTTP/1.1\r\nHost: a${' '.repeat(5000)}b${' '.repeat(5000)}\r\n\r\n`)
    const reader = new HeadReader(LIMITS, false)
    for (let to = 0; to < octets.length; to++) assert.isNull(reader.read(octets, 0, to))
    assert.isNotNull(reader.read(octets, 0, octets.length))
    assert.isAtMost(Math.max(...looks), 5)
  })
})

describe('HeadReader: limits, enforced at the first octet beyond them', () => {
  const limits: Limits = { ...LIMITS, headOctets: 60, fields: 2, targetLength: 10 }
  const rest = ' HTTP/1.1\r\n\r\n'
  const cases: [text: string, expected: string, rule: string][] = [
    [`GET /${'a'.repeat(9)}${rest}`, 'head', 'a target of the longest length'],
    [`GET /${'a'.repeat(9)}`, 'more', 'a target that has reached the limit'],
    [`GET /${'a'.repeat(10)}`, '414 target-length', 'a target one octet beyond the limit'],
    ['GET / HTTP/1.1\r\nA:\r\nB:\r\n\r\n', 'head', 'as many fields as allowed'],
    ['GET / HTTP/1.1\r\nA:\r\nB:\r\n', 'more', 'fields that have reached the limit'],
    ['GET / HTTP/1.1\r\nA:\r\nB:\r\nC', '431 field-count', 'one field more'],
    [`GET / HTTP/1.1\r\nA:${'a'.repeat(38)}\r\n\r\n`, 'head', 'a head of the longest length'],
    [`GET / HTTP/1.1\r\nA:${'a'.repeat(42)}`, 'more', 'a head that has reached its limit'],
    [`GET / HTTP/1.1\r\nA:${'a'.repeat(43)}`, '431 head-size', 'a head one octet beyond the limit'],
    [`GET / HTTP/1.1\r\nA:${'a'.repeat(39)}\r\n\r\n`, '431 head-size', 'a complete head one octet beyond the limit'],
    ['A'.repeat(64), '431 head-size', 'a method that reaches the limit of the head'],
  ]
  for (const [text, expected, rule] of cases) {
    it(rule, () => {
      const outcome = read(text, limits)
      if (expected === 'more') assert.isNull(outcome)
      else if (expected === 'head') assert.isObject(outcome)
      else assert.equal(outcome, expected)
    })
  }

  it('a method of 64 octets waits for its end', () => assert.isNull(read('A'.repeat(64))))
  it('a method of 65 octets is unknown', () => assert.equal(read('A'.repeat(65)), '501 method-unknown'))
})

describe('HeadReader: an error is reported at the first octet that shows it', () => {
  const cases: [text: string, rule: string][] = [
    ['\n', '400 bare-lf'],
    ['\rG', '400 bare-cr'],
    ['\r\n\r\n\r\n\r\n\r\n', '400 leading-crlf'],
    [' ', '400 request-line'],
    ['\t', '400 request-line'],
    ['G\x00', '400 method'],
    ['\x16', '400 tls-on-plain'],
    ['\r\n\x16', '400 tls-on-plain'],
    ['G\x16', '400 method'],
    ['GET\r\n', '400 request-line'],
    ['GET\ra', '400 bare-cr'],
    ['GET  ', '400 request-line'],
    ['GET /\t', '400 request-line'],
    ['GET /\x80', '400 target'],
    ['GET /\r\n', '400 request-line'],
    ['GET /\r ', '400 bare-cr'],
    ['GET /\n', '400 bare-lf'],
    ['GET / h', '400 version-syntax'],
    ['GET / HTTP/x', '400 version-syntax'],
    ['GET / HTTP/1x', '400 version-syntax'],
    ['GET / HTTP/1.x', '400 version-syntax'],
    ['GET / HTTP/1.1x', '400 version-syntax'],
    ['GET / HTTP/1.1 ', '400 request-line'],
    ['GET / HTTP/1.1\n', '400 bare-lf'],
    ['GET / HTTP/1.1\rx', '400 bare-cr'],
    ['GET / HTTP/2.0\r\n', '505 version'],
    ['GET / HTTP/1.1\r\n ', '400 field-folding'],
    ['GET / HTTP/1.1\r\n\t', '400 field-folding'],
    ['GET / HTTP/1.1\r\n\n', '400 bare-lf'],
    ['GET / HTTP/1.1\r\n\rx', '400 bare-cr'],
    ['GET / HTTP/1.1\r\n:', '400 field-name'],
    ['GET / HTTP/1.1\r\nA ', '400 field-name'],
    ['GET / HTTP/1.1\r\nA\n', '400 bare-lf'],
    ['GET / HTTP/1.1\r\nA\r\n', '400 field-name'],
    ['GET / HTTP/1.1\r\nA\rx', '400 bare-cr'],
    ['GET / HTTP/1.1\r\nA:\n', '400 bare-lf'],
    ['GET / HTTP/1.1\r\nA:\x00', '400 field-value'],
    ['GET / HTTP/1.1\r\nA: b\rx', '400 bare-cr'],
  ]
  for (const [text, rule] of cases) {
    it(`${JSON.stringify(text)}: ${rule}, at the last octet`, () => {
      assert.equal(read(text), rule)
      assert.isNull(read(text.slice(0, -1)))
    })
  }
})
