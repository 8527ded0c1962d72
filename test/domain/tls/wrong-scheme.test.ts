import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import { plainOnTls, tlsOnPlain } from '../../../src/domain/tls/wrong-scheme.js'

describe('The refusal of a peer that uses the wrong port', () => {
  const cases: [error: ProtocolError, rule: string, advice: string][] = [
    [tlsOnPlain(), 'tls-on-plain', 'This port speaks plain HTTP: use http:// here.'],
    [plainOnTls(), 'plain-on-tls', 'This port speaks HTTPS: use https:// here.'],
  ]
  for (const [error, rule, advice] of cases) {
    it(`${rule}: says what the port speaks`, () => {
      assert.deepInclude(error, { status: 400, rule, advice })
      assert.match(error.message, /^Cannot .*[^.]$/)
    })
  }
})
