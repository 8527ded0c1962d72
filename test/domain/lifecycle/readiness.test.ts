import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Phase } from '../../../src/domain/lifecycle/drain.js'
import { unreadyReason, type Trouble } from '../../../src/domain/lifecycle/readiness.js'

describe('unreadyReason()', () => {
  const cases: [phase: Phase, isRetired: boolean, troubles: Trouble[], expected: string | null, rule: string][] = [
    ['running', false, [], null, 'a running server is ready'],
    ['starting', false, [], 'starting', 'one that starts is not'],
    ['notice', false, [], 'notice', 'nor one that is about to drain'],
    ['draining', false, ['threads crash'], 'draining', 'the phase goes before all troubles'],
    ['running', false, ['threads crash'], 'threads crash', 'a crash loop of threads is a reason'],
    ['running', false, ['no thread'], 'no thread', 'that no handler thread is ready is a reason'],
    ['running', false, ['threads crash', 'workers crash'], 'threads crash, workers crash', 'all troubles are named'],
    ['notice', true, [], null, 'the service is ready when another has taken its place'],
    ['draining', true, [], null, 'to the end'],
    ['notice', true, ['workers crash'], 'workers crash', 'unless that is in trouble'],
  ]
  for (const [phase, isRetired, troubles, expected, rule] of cases)
    it(rule, () => assert.equal(unreadyReason({ phase, isRetired, troubles }), expected))
})
