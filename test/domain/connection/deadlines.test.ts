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

describe('Deadlines: each is overdue exactly when its time has passed', () => {
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
    it(`${what}, when no octet moves`, () => {
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

    it(`${what}, when the rate is below the minimum after the grace period`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 0, 100)
      note(deadlines, 9000, 5099)
      assert.isNull(deadlines.overdue(9999, RULES))
      assert.equal(deadlines.overdue(10_000, RULES), what)
    })

    it(`${what} is not overdue at the minimum rate: octets that moved before do not count`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 0, 100)
      note(deadlines, 9000, 5100)
      assert.isNull(deadlines.overdue(10_000, RULES))
    })

    it(`${what} may be slow when there is no minimum rate`, () => {
      const deadlines = new Deadlines()
      note(deadlines, 0, 0)
      note(deadlines, 9000, 1)
      assert.isNull(deadlines.overdue(10_000, noRate))
    })
  }
})

describe('Deadlines: events that end them', () => {
  const late = 1_000_000
  const cases: [rule: string, story: (deadlines: Deadlines) => void, expected: Overdue | null][] = [
    ['no deadline runs at first', () => undefined, null],
    [
      'a head ends the keep-alive time',
      (d) => {
        d.idle(0)
        d.head(late - 1)
      },
      null,
    ],
    [
      'the time for a head runs from its own first octets, not from those of the last head',
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
      'content that we do not read is not overdue',
      (d) => {
        d.content(0, 0)
        d.contentPaused(1, 0)
      },
      null,
    ],
    [
      'content that we read again gets its time anew',
      (d) => {
        d.content(0, 0)
        d.contentPaused(1, 0)
        d.content(late - 1, 0)
      },
      null,
    ],
    [
      'a response that was read completely is not overdue',
      (d) => {
        d.sent(0, 0, true)
        d.sent(1, 10, false)
      },
      null,
    ],
    [
      'the end of a request ends its deadlines',
      (d) => {
        d.head(0)
        d.content(0, 0)
        d.idle(late - 1)
      },
      null,
    ],
    [
      'lingering ends the deadlines for heads and keep-alive',
      (d) => {
        d.head(0)
        d.linger(late - 1)
      },
      null,
    ],
    [
      'the deadline for reading a response outlives the request',
      (d) => {
        d.sent(0, 0, true)
        d.idle(late - 1)
      },
      'write',
    ],
    [
      "the peer's deadlines come before the handler's",
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

describe('Deadlines: content that we read with pauses', () => {
  /** Waits twice for `waits` milliseconds, with a long pause in between, for 100 octets in total. */
  function takenInTwo(waits: number): Deadlines {
    const deadlines = new Deadlines()
    deadlines.content(0, 50)
    deadlines.contentPaused(waits, 100)
    deadlines.content(500_000, 100)
    deadlines.content(500_000 + waits - 1, 150)
    return deadlines
  }

  it('time in which we do not read does not count', () => {
    assert.isNull(takenInTwo(4000).overdue(504_000, RULES))
  })

  it('times in which we wait for content add up', () => {
    assert.isNull(takenInTwo(5000).overdue(504_999, RULES))
    assert.equal(takenInTwo(5000).overdue(505_000, RULES), 'body')
  })

  it('pausing twice changes nothing', () => {
    const deadlines = takenInTwo(5000)
    deadlines.contentPaused(504_999, 150)
    deadlines.contentPaused(900_000, 150)
    assert.isNull(deadlines.overdue(900_000, RULES))
    deadlines.content(900_000, 150)
    assert.isNull(deadlines.overdue(900_000, RULES))
    assert.equal(deadlines.overdue(900_001, RULES), 'body')
  })

  it('the content of the next request is counted separately', () => {
    const deadlines = takenInTwo(5000)
    deadlines.contentComplete(599_999)
    deadlines.content(600_000, 10)
    assert.isNull(deadlines.overdue(609_999, RULES))
    assert.equal(deadlines.overdue(610_000, RULES), 'body')
  })

  it('content that is paused before we ever waited is not overdue', () => {
    const deadlines = new Deadlines()
    deadlines.contentPaused(0, 0)
    assert.isNull(deadlines.overdue(1_000_000, RULES))
  })
})
