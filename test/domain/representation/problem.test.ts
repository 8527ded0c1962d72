import { assert } from 'chai'
import { describe, it } from 'mocha'
import { problem } from '../../../src/domain/representation/problem.js'

const PROBLEM = 'application/problem+json'
const TEXT = 'text/plain; charset=utf-8'
const ADVICE = 'Ask another port.'

describe('problem()', () => {
  const plain = '{"type":"about:blank","title":"Bad Request","status":400}\n'
  const advised = '{"type":"about:blank","title":"Bad Request","status":400,"detail":"Ask another port."}\n'
  const cases: [accept: string | null, advice: string | null, type: string, content: string, rule: string][] = [
    [null, null, PROBLEM, plain, 'problem details unless the peer says otherwise (RFC 9457 §3)'],
    ['*/*', null, PROBLEM, plain, 'problem details when every type is acceptable'],
    ['text/plain', null, TEXT, '400 Bad Request\n', 'text when the peer prefers it'],
    ['image/png', null, PROBLEM, plain, 'problem details when neither type is acceptable'],
    [null, ADVICE, PROBLEM, advised, 'advice is the detail of problem details (RFC 9457 §3.1.4)'],
    ['text/plain', ADVICE, TEXT, '400 Bad Request\nAsk another port.\n', 'advice is a separate line of text'],
  ]
  for (const [accept, advice, type, content, rule] of cases) {
    it(rule, () => {
      const response = problem(400, accept, [], advice)
      assert.equal(response.status, 400)
      assert.equal(response.fields.get('content-type'), type)
      assert.equal(response.content, content)
    })
  }

  for (const accept of [null, 'text/plain']) {
    it(`carries the given fields, and a Vary field for caches (Accept: ${accept})`, () => {
      const { fields } = problem(503, accept, [['Retry-After', '1']])
      assert.deepEqual([fields.get('vary'), fields.get('retry-after')], ['Accept', '1'])
    })
  }
})
