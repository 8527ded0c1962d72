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
    [0, 0, 'notice', 'notice is given even without connections'],
    [99, 1, 'notice', 'notice lasts for its configured time'],
    [100, 1, 'draining', 'open connections drain after the notice'],
    [100, 0, 'stopped', 'the server stops after the notice without open connections'],
    [1099, 1, 'draining', 'it drains until the timeout'],
    [1100, 1, 'stopped', 'it stops at the timeout'],
  ]
  for (const [elapsedMs, open, expected, rule] of cases) {
    it(rule, () => {
      assert.equal(drainPhase(elapsedMs, open, RULES), expected)
      assert.equal(isOverdue(elapsedMs, RULES), elapsedMs >= 1100)
    })
  }
})

describe('retirementPhase()', () => {
  const rules = retirementRules(RULES)
  const cases: [elapsedMs: number, open: number, expected: Phase, rule: string][] = [
    [0, 0, 'stopped', 'a retired server without connections stops at once'],
    [0, 1, 'notice', 'a retired server keeps serving its connections'],
    [999, 1, 'notice', 'it serves them until the drain timeout'],
    [999, 0, 'stopped', 'it stops when its last connection closes'],
    [1000, 1, 'draining', 'connections that remain after the timeout are drained'],
    [1500, 0, 'stopped', 'a draining server stops when its last connection closes'],
    [2000, 1, 'stopped', 'connections are cut at the end of the drain'],
  ]
  for (const [elapsedMs, open, expected, rule] of cases) {
    it(rule, () => {
      assert.equal(retirementPhase(elapsedMs, open, rules), expected)
      assert.equal(isOverdue(elapsedMs, rules), elapsedMs >= 2000)
    })
  }
})

describe('mayPersist()', () => {
  const cases: [phase: Phase, hasNextRequest: boolean, expected: boolean, rule: string][] = [
    ['running', false, true, 'connections persist while the server runs'],
    ['notice', false, false, 'during notice each response ends its connection'],
    ['notice', true, true, 'a response persists when the next request has arrived'],
    ['draining', false, false, 'while draining each response ends its connection'],
  ]
  for (const [phase, hasNextRequest, expected, rule] of cases)
    it(rule, () => assert.equal(mayPersist(phase, hasNextRequest), expected))
})

describe('isRejected()', () => {
  const cases: [begunMs: number, sinceMs: number | null, expected: boolean, rule: string][] = [
    [5, null, false, 'no request is rejected while the listener is open'],
    [4, 5, false, 'a request that began before the listener closed is not rejected'],
    [5, 5, true, 'a request that begins when the listener closes is rejected'],
  ]
  for (const [begunMs, sinceMs, expected, rule] of cases)
    it(rule, () => assert.equal(isRejected(begunMs, sinceMs), expected))
})

describe('DrainTally', () => {
  const cases: [outcome: Outcome, status: number, expected: DrainReport, rule: string][] = [
    ['completed', 200, { finished: 1, rejected: 0, cut: {} }, 'a complete response counts as finished'],
    ['refused', 400, { finished: 1, rejected: 0, cut: {} }, 'an answered refusal counts as finished'],
    ['failed', 500, { finished: 1, rejected: 0, cut: {} }, 'an answered failure counts as finished'],
    [
      'failed',
      200,
      { finished: 0, rejected: 0, cut: { failed: 1 } },
      'a failure in the middle of a response counts as cut',
    ],
    ['timed-out', 504, { finished: 1, rejected: 0, cut: {} }, 'an answered timeout counts as finished'],
    ['timed-out', 0, { finished: 0, rejected: 0, cut: { 'timed-out': 1 } }, 'an unanswered timeout counts as cut'],
    ['rejected', 503, { finished: 0, rejected: 1, cut: {} }, 'rejected requests are counted separately'],
    ['aborted', 200, { finished: 0, rejected: 0, cut: { aborted: 1 } }, 'a peer that disconnected was not answered'],
  ]
  for (const [outcome, status, expected, rule] of cases) {
    it(rule, () => {
      const tally = new DrainTally()
      tally.note({ outcome, status })
      assert.deepEqual(tally.report(), expected)
    })
  }

  it('counts requests that were cut off by reason', () => {
    const tally = new DrainTally()
    const reasons: CutReason[] = ['incomplete', 'cut', 'cut']
    for (const reason of reasons) tally.noteCut(reason)
    assert.deepEqual(tally.report().cut, { incomplete: 1, cut: 2 })
  })
})

describe('hasCut()', () => {
  const cases: [cut: DrainReport['cut'], expected: boolean, rule: string][] = [
    [{}, false, 'no request was cut off'],
    [{ aborted: 2 }, false, 'a peer that disconnected was not cut off'],
    [{ cut: 1 }, true, 'a request in progress at the end was cut off'],
    [{ incomplete: 1, aborted: 1 }, true, 'an incomplete head was cut off'],
    [{ lost: 1 }, true, 'the requests of a lost worker were cut off'],
  ]
  for (const [cut, expected, rule] of cases)
    it(rule, () => assert.equal(hasCut({ finished: 1, rejected: 1, cut }), expected))
})

describe('mergeReports()', () => {
  const one: DrainReport = { finished: 1, rejected: 2, cut: { cut: 3 } }
  const other: DrainReport = { finished: 10, rejected: 20, cut: { cut: 30, incomplete: 4 } }
  const cases: [reports: DrainReport[], expected: DrainReport, rule: string][] = [
    [[], { finished: 0, rejected: 0, cut: {} }, 'the sum of no reports is all zeros'],
    [[one], one, 'the sum of one report is that report'],
    [[one, other], { finished: 11, rejected: 22, cut: { cut: 33, incomplete: 4 } }, 'each count is added up'],
  ]
  for (const [reports, expected, rule] of cases) it(rule, () => assert.deepEqual(mergeReports(reports), expected))
})
