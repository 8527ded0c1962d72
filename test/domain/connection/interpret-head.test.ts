import { assert } from 'chai'
import { describe, it } from 'mocha'
import { interpretHead, type HeadRules } from '../../../src/domain/connection/interpret-head.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import type { RequestHead } from '../../../src/domain/message/request-head.js'
import { LIMITS, RULES } from '../../wire/dialogue.js'
import { outcomeOf } from '../framing/reading.js'

type Fields = [name: string, value: string][]

const HOST: Fields = [['host', 'a.example']]

function interpret(method: string, target: string, fields: Fields, rules: Partial<HeadRules> = {}): RequestHead {
  const raw = { method, target, minor: 1, fields: FieldSection.of(fields), length: 100 }
  return interpretHead(raw, { ...RULES, ...rules })
}

describe('interpretHead()', () => {
  it('works out what a head means', () => {
    const request = interpret('POST', '/a/../b?c', [...HOST, ['content-length', '5'], ['expect', '100-continue']])
    const { target, path, query, authority, length, expectsContinue, persists } = request
    assert.deepEqual(
      { target, path, query, authority, length, expectsContinue, persists },
      {
        target: '/a/../b?c',
        path: '/b',
        query: 'c',
        authority: 'a.example',
        length: 5,
        expectsContinue: true,
        persists: true,
      },
    )
  })

  it('does not report an expectation that the server ignores', () => {
    const fields: Fields = [...HOST, ['content-length', '5'], ['expect', '100-continue']]
    assert.isFalse(interpret('POST', '/', fields, { expectContinue: false }).expectsContinue)
  })

  const refusals: [method: string, target: string, fields: Fields, expected: string, rule: string][] = [
    ['BREW', '/', HOST, '501 method-unknown', 'an unknown method'],
    ['GET', '/', [], '400 host', 'HTTP/1.1 without Host'],
    ['GET', 'https://a.example/', HOST, '421 misdirected', 'a target of the other scheme'],
    ['POST', '/', [...HOST, ['content-length', '11']], '413 content-too-large', 'content above its limit'],
    ['POST', '/', [...HOST, ['transfer-encoding', 'gzip, chunked']], '501 coding-unknown', 'an unknown coding'],
    ['GET', '/', [...HOST, ['expect', 'x']], '417 expectation', 'an unknown expectation'],
  ]
  for (const [method, target, fields, expected, rule] of refusals) {
    it(`refuses ${rule}`, () => {
      const limits = { ...LIMITS, contentOctets: 10 }
      assert.equal(
        outcomeOf(() => interpret(method, target, fields, { limits })),
        expected,
      )
    })
  }

  it('counts the octets of the head for the limit of the whole request', () => {
    const limits = { ...LIMITS, requestOctets: 104 }
    const lengthOf = (length: string) =>
      interpret('POST', '/', [...HOST, ['content-length', length]], { limits }).length
    assert.equal(lengthOf('4'), 4)
    assert.equal(
      outcomeOf(() => lengthOf('5')),
      '413 content-too-large',
    )
  })
})
