import { assert } from 'chai'
import { describe, it } from 'mocha'
import {
  drainPhase,
  DrainTally,
  hasCut,
  isOverdue,
  isRejected,
  mayPersist,
  mergeReports,
  retirementPhase,
  retirementRules,
  type CutReason,
  type DrainReport,
  type Phase,
} from '../../../src/domain/lifecycle/drain.js'
import type { Outcome } from '../../../src/domain/lifecycle/outcome.js'

const RULES = { noticeMs: 100, timeoutMs: 1000 }

describe('drainPhase()', () => {
  const cases: [elapsedMs: number, open: number, expected: Phase, rule: string][] = [
    [0, 0, 'notice', 'notice is given even when nobody is there'],
    [99, 1, 'notice', 'for as long as it is told'],
    [100, 1, 'draining', 'then what is open drains'],
    [100, 0, 'stopped', 'unless nothing is'],
    [1099, 1, 'draining', 'for as long as that may take'],
    [1100, 1, 'stopped', 'and no longer'],
  ]
  for (const [elapsedMs, open, expected, rule] of cases) {
    it(rule, () => {
      assert.equal(drainPhase(elapsedMs, open, RULES), expected)
      assert.equal(isOverdue(elapsedMs, RULES), elapsedMs >= 1100)
    })
  }
})

describe('reliefPhase()', () => {
  const rules = retirementRules(RULES)
  const cases: [elapsedMs: number, open: number, expected: Phase, rule: string][] = [
    [0, 0, 'stopped', 'a server that is retired with no connection has nothing to wait for'],
    [0, 1, 'notice', 'with connections it serves them as ever'],
    [999, 1, 'notice', 'for as long as a drain may take'],
    [999, 0, 'stopped', 'until the last has left'],
    [1000, 1, 'draining', 'what is left then is drained as usual'],
    [1500, 0, 'stopped', 'until the last has left, again'],
    [2000, 1, 'stopped', 'and cut at the end'],
  ]
  for (const [elapsedMs, open, expected, rule] of cases) {
    it(rule, () => {
      assert.equal(retirementPhase(elapsedMs, open, rules), expected)
      assert.equal(isOverdue(elapsedMs, rules), elapsedMs >= 2000)
    })
  }
})

describe('mayPersist()', () => {
  const cases: [phase: Phase, hasNext: boolean, expected: boolean, rule: string][] = [
    ['running', false, true, 'connections persist while the server runs'],
    ['notice', false, false, 'under notice each response ends its connection'],
    ['notice', true, true, 'but for one with requests behind it'],
    ['draining', false, false, 'so it is while it drains'],
  ]
  for (const [phase, hasNext, expected, rule] of cases)
    it(rule, () => assert.equal(mayPersist(phase, hasNext), expected))
})

describe('isRejected()', () => {
  const cases: [begunMs: number, sinceMs: number | null, expected: boolean, rule: string][] = [
    [5, null, false, 'nobody is turned away while the door is open'],
    [4, 5, false, 'nor who began before it was closed'],
    [5, 5, true, 'who begins then is'],
  ]
  for (const [begunMs, sinceMs, expected, rule] of cases)
    it(rule, () => assert.equal(isRejected(begunMs, sinceMs), expected))
})

describe('DrainTally', () => {
  const cases: [outcome: Outcome, status: number, expected: DrainReport, rule: string][] = [
    ['completed', 200, { finished: 1, rejected: 0, cut: {} }, 'a whole response is finished'],
    ['refused', 400, { finished: 1, rejected: 0, cut: {} }, 'so is a refusal'],
    ['failed', 500, { finished: 1, rejected: 0, cut: {} }, 'and a failure that was answered'],
    ['failed', 200, { finished: 0, rejected: 0, cut: { failed: 1 } }, 'not one that broke its promise'],
    ['timed-out', 504, { finished: 1, rejected: 0, cut: {} }, 'a deadline that was answered is finished'],
    ['timed-out', 0, { finished: 0, rejected: 0, cut: { 'timed-out': 1 } }, 'one that was not is a cut'],
    ['rejected', 503, { finished: 0, rejected: 1, cut: {} }, 'who was turned away is counted apart'],
    ['aborted', 200, { finished: 0, rejected: 0, cut: { aborted: 1 } }, 'a peer that left was not answered'],
  ]
  for (const [outcome, status, expected, rule] of cases) {
    it(rule, () => {
      const tally = new DrainTally()
      tally.note({ outcome, status })
      assert.deepEqual(tally.report(), expected)
    })
  }

  it('counts requests that were given up by their reason', () => {
    const tally = new DrainTally()
    const reasons: CutReason[] = ['incomplete', 'cut', 'cut']
    for (const reason of reasons) tally.noteCut(reason)
    assert.deepEqual(tally.report().cut, { incomplete: 1, cut: 2 })
  })
})

describe('hasCut()', () => {
  const cases: [cut: DrainReport['cut'], expected: boolean, rule: string][] = [
    [{}, false, 'nothing is cut'],
    [{ aborted: 2 }, false, 'a peer that left was not cut'],
    [{ cut: 1 }, true, 'what was under way at the end was'],
    [{ incomplete: 1, aborted: 1 }, true, 'so was a head that never came to an end'],
    [{ lost: 1 }, true, 'and all that a lost worker had'],
  ]
  for (const [cut, expected, rule] of cases)
    it(rule, () => assert.equal(hasCut({ finished: 1, rejected: 1, cut }), expected))
})

describe('mergeReports()', () => {
  const one: DrainReport = { finished: 1, rejected: 2, cut: { cut: 3 } }
  const other: DrainReport = { finished: 10, rejected: 20, cut: { cut: 30, incomplete: 4 } }
  const cases: [reports: DrainReport[], expected: DrainReport, rule: string][] = [
    [[], { finished: 0, rejected: 0, cut: {} }, 'the sum of none is nothing'],
    [[one], one, 'the sum of one is itself'],
    [[one, other], { finished: 11, rejected: 22, cut: { cut: 33, incomplete: 4 } }, 'each count is added up'],
  ]
  for (const [reports, expected, rule] of cases) it(rule, () => assert.deepEqual(mergeReports(reports), expected))
})
