import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Phase } from '../../../src/domain/lifecycle/drain.js'
import { unreadyReason, type Trouble } from '../../../src/domain/lifecycle/readiness.js'

describe('unreadyReason()', () => {
  const cases: [phase: Phase, isRetired: boolean, troubles: Trouble[], expected: string | null, rule: string][] = [
    ['running', false, [], null, 'a running server is ready'],
    ['starting', false, [], 'starting', 'a starting server is not ready'],
    ['notice', false, [], 'notice', 'a server that gave notice is not ready'],
    ['draining', false, ['threads crash'], 'draining', 'the phase comes before all troubles'],
    ['running', false, ['threads crash'], 'threads crash', 'a crash loop of threads is a reason'],
    ['running', false, ['no thread'], 'no thread', 'a lack of ready handler threads is a reason'],
    ['running', false, ['threads crash', 'workers crash'], 'threads crash, workers crash', 'all troubles are named'],
    ['notice', true, [], null, 'a retired worker reports the service as ready'],
    ['draining', true, [], null, 'a retired worker reports the service as ready while it drains'],
    ['notice', true, ['workers crash'], 'workers crash', 'a retired worker reports troubles of the service'],
  ]
  for (const [phase, isRetired, troubles, expected, rule] of cases)
    it(rule, () => assert.equal(unreadyReason({ phase, isRetired, troubles }), expected))
})
