import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Deadlines, type DeadlineRules, type Overdue } from '../../../src/domain/connection/deadlines.js'

const RULES: DeadlineRules = {
  keepAliveMs: 75_000,
  headMs: 10_000,
  bodyMs: 30_000,
  writeMs: 30_000,
  handlerMs: 30_000,
  lingerMs: 2_000,
  minRate: 500,
  minRateGraceMs: 10_000,
}

describe('Deadlines: each thing has its time, and not a millisecond less', () => {
  const cases: [what: Overdue, begin: (deadlines: Deadlines) => void, allowedMs: number][] = [
    ['idle', (deadlines) => deadlines.idle(1000), RULES.keepAliveMs],
    ['head', (deadlines) => deadlines.head(1000), RULES.headMs],
    ['handler', (deadlines) => deadlines.handler(1000), RULES.handlerMs],
    ['linger', (deadlines) => deadlines.linger(1000), RULES.lingerMs],
  ]
  for (const [what, begin, allowedMs] of cases) {
    it(what, () => {
      const deadlines = new Deadlines()
      begin(deadlines)
      assert.isNull(deadlines.overdue(1000 + allowedMs - 1, RULES))
      assert.equal(deadlines.overdue(1000 + allowedMs, RULES), what)
    })
  }

  const flows: [what: Overdue, note: (deadlines: Deadlines, now: number, octets: number) => void][] = [
    ['body', (deadlines, now, octets) => deadlines.content(now, octets)],
    ['write', (deadlines, now, octets) => deadlines.sent(now, octets, true)],
  ]
  const noRate = { ...RULES, minRate: 0 }
  for (const [what, note] of flows) {
    it(`${what}, when nothing moves`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 1000, 10)
      note(deadlines, 20_000, 10)
      assert.isNull(deadlines.overdue(30_999, noRate))
      assert.equal(deadlines.overdue(31_000, noRate), what)
    })

    it(`${what}, counted from the last octet that moved`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 1000, 10)
      note(deadlines, 20_000, 11)
      assert.isNull(deadlines.overdue(49_999, noRate))
      assert.equal(deadlines.overdue(50_000, noRate), what)
    })

    it(`${what}, when it trickles below the minimum rate, behind the grace`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 0, 100)
      note(deadlines, 9000, 5099)
      assert.isNull(deadlines.overdue(9999, RULES))
      assert.equal(deadlines.overdue(10_000, RULES), what)
    })

    it(`${what} is fine at the minimum rate: what had moved before does not count`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 0, 100)
      note(deadlines, 9000, 5100)
      assert.isNull(deadlines.overdue(10_000, RULES))
    })

    it(`${what} may trickle where there is no minimum rate`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 0, 0)
      note(deadlines, 9000, 1)
      assert.isNull(deadlines.overdue(10_000, noRate))
    })
  }
})

describe('Deadlines: what ends them', () => {
  const late = 1_000_000
  const cases: [rule: string, story: (deadlines: Deadlines) => void, expected: Overdue | null][] = [
    ['nothing runs at first', () => undefined, null],
    [
      'a head ends idling',
      (d) => {
        d.idle(0)
        d.head(late - 1)
      },
      null,
    ],
    [
      'a head runs from its own first octets, not from those of the head before it',
      (d) => {
        d.head(0)
        d.head(late - 1)
      },
      null,
    ],
    [
      'a handler ends the head',
      (d) => {
        d.head(0)
        d.handler(late - 1)
      },
      null,
    ],
    [
      'an answer ends the handler',
      (d) => {
        d.handler(0)
        d.answered()
      },
      null,
    ],
    [
      'content that we do not take is not owed',
      (d) => {
        d.content(0, 0)
        d.contentPaused(1, 0)
      },
      null,
    ],
    [
      'content that we take again has a new start',
      (d) => {
        d.content(0, 0)
        d.contentPaused(1, 0)
        d.content(late - 1, 0)
      },
      null,
    ],
    [
      'what has all been read is not owed',
      (d) => {
        d.sent(0, 0, true)
        d.sent(1, 10, false)
      },
      null,
    ],
    [
      'idling ends what the peer owed of a request',
      (d) => {
        d.head(0)
        d.content(0, 0)
        d.idle(late - 1)
      },
      null,
    ],
    [
      'lingering ends idling and heads',
      (d) => {
        d.head(0)
        d.linger(late - 1)
      },
      null,
    ],
    [
      'what is left to read outlives the request',
      (d) => {
        d.sent(0, 0, true)
        d.idle(late - 1)
      },
      'write',
    ],
    [
      "the peer's debts come before the handler",
      (d) => {
        d.handler(0)
        d.content(0, 0)
      },
      'body',
    ],
  ]
  for (const [rule, story, expected] of cases) {
    it(rule, () => {
      const deadlines = new Deadlines()
      story(deadlines)
      assert.equal(deadlines.overdue(late, RULES), expected)
    })
  }
})

describe('Deadlines: content that is taken at a pace of ours', () => {
  /** Waits twice, for `waits` milliseconds each, a long pause between; 100 octets in all. */
  function takenInTwo(waits: number): Deadlines {
    const deadlines = new Deadlines()
    deadlines.content(0, 50)
    deadlines.contentPaused(waits, 100)
    deadlines.content(500_000, 100)
    deadlines.content(500_000 + waits - 1, 150)
    return deadlines
  }

  it('the time in which we do not take it does not count against the peer', () => {
    assert.isNull(takenInTwo(4000).overdue(504_000, RULES))
  })

  it('the times in which we wait for it add up', () => {
    assert.isNull(takenInTwo(5000).overdue(504_999, RULES))
    assert.equal(takenInTwo(5000).overdue(505_000, RULES), 'body')
  })

  it('a pause of a pause changes nothing', () => {
    const deadlines = takenInTwo(5000)
    deadlines.contentPaused(504_999, 150)
    deadlines.contentPaused(900_000, 150)
    assert.isNull(deadlines.overdue(900_000, RULES))
    deadlines.content(900_000, 150)
    assert.isNull(deadlines.overdue(900_000, RULES))
    assert.equal(deadlines.overdue(900_001, RULES), 'body')
  })

  it('the content of the next request is counted by itself', () => {
    const deadlines = takenInTwo(5000)
    deadlines.contentComplete(599_999)
    deadlines.content(600_000, 10)
    assert.isNull(deadlines.overdue(609_999, RULES))
    assert.equal(deadlines.overdue(610_000, RULES), 'body')
  })

  it('what is paused before it was ever waited for is not owed', () => {
    const deadlines = new Deadlines()
    deadlines.contentPaused(0, 0)
    assert.isNull(deadlines.overdue(1_000_000, RULES))
  })
})
