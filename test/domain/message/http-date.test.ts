import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { formatHttpDate, parseHttpDate } from '../../../src/domain/message/http-date.js'

const NOW = Date.UTC(2026, 10, 22, 12)
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37)
const FIRST_YEAR = Date.parse('0000-01-01T00:00:00Z')
const LAST_YEAR = Date.parse('9999-12-31T23:59:59Z')

/** The weekday of a date as RFC 850 writes it. */
const longDay = (ms: number): string => new Date(ms).toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' })

const rfc850 = (ms: number): string => {
  const [, day, month, year, time] = formatHttpDate(ms).split(' ')
  return `${longDay(ms)}, ${day}-${month}-${year!.slice(2)} ${time} GMT`
}

const asctime = (ms: number): string => {
  const [weekday, day, month, year, time] = formatHttpDate(ms).split(' ')
  return `${weekday!.slice(0, 3)} ${month} ${day!.replace(/^0/, ' ')} ${time} ${year}`
}

/** Whole seconds between two times, as milliseconds. */
const secondsBetween = (fromMs: number, toMs: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(fromMs / 1000), max: Math.floor(toMs / 1000) }).map((seconds) => seconds * 1000)

describe('HTTP dates', () => {
  it('formatHttpDate(): writes IMF-fixdate', () => {
    assert.equal(formatHttpDate(EXAMPLE), 'Sun, 06 Nov 1994 08:49:37 GMT')
  })

  it('formatHttpDate(): drops fractions of the second, before 1970 too', () => {
    assert.equal(formatHttpDate(EXAMPLE + 999.9), 'Sun, 06 Nov 1994 08:49:37 GMT')
    assert.equal(formatHttpDate(-1), 'Wed, 31 Dec 1969 23:59:59 GMT')
  })

  const accepted: [text: string, expected: number, rule: string][] = [
    ['Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE, 'IMF-fixdate'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE, 'the obsolete RFC 850 format'],
    ['Sun Nov  6 08:49:37 1994', EXAMPLE, 'the asctime format, its day padded by a space'],
    ['Wed Nov 16 08:49:37 1994', EXAMPLE + 10 * 86_400_000, 'the asctime format with two digits of day'],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29), 'a leap day'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1), 'a leap second counts as the second after it'],
    ['Sat, 01 Jan 0000 00:00:00 GMT', FIRST_YEAR, 'the year 0000 is not 1900'],
    ['Fri, 31 Dec 9999 23:59:59 GMT', LAST_YEAR, 'the last second of year 9999'],
  ]
  for (const [text, expected, rule] of accepted) {
    it(`parseHttpDate(): reads ${rule}`, () => assert.equal(parseHttpDate(text, NOW), expected))
  }

  const refused: [text: string, rule: string][] = [
    ['', 'nothing'],
    ['0', 'a number'],
    ['1994-11-06T08:49:37Z', 'ISO 8601'],
    ['Sun, 06 Nov 1994 08:49:37', 'no zone'],
    ['Sun, 06 Nov 1994 08:49:37 UTC', 'a zone other than GMT'],
    ['Sun, 06 Nov 1994 08:49:37 +0000', 'a numeric zone'],
    ['sun, 06 nov 1994 08:49:37 gmt', 'another case'],
    [' Sun, 06 Nov 1994 08:49:37 GMT', 'white space before it'],
    ['Sun, 06 Nov 1994 08:49:37 GMT ', 'white space after it'],
    ['Sun,  06 Nov 1994 08:49:37 GMT', 'two spaces'],
    ['Sun, 6 Nov 1994 08:49:37 GMT', 'a day of one digit'],
    ['Sun Nov 06 08:49:37 1994 GMT', 'asctime with a zone'],
    ['Sunday, 06 Nov 1994 08:49:37 GMT', 'a long weekday in IMF-fixdate'],
    ['Sun, 06-Nov-94 08:49:37 GMT', 'a short weekday in RFC 850'],
    ['Sunday, 06-Nov-1994 08:49:37 GMT', 'four digits of year in RFC 850'],
    ['Wed, 30 Feb 1994 00:00:00 GMT', '30 February'],
    ['Wed, 29 Feb 2023 00:00:00 GMT', '29 February without a leap year'],
    ['Thu, 31 Nov 1994 08:49:37 GMT', '31 November'],
    ['Mon, 00 Nov 1994 08:49:37 GMT', 'day 0'],
    ['Sun, 32 Jan 2022 00:00:00 GMT', 'day 32'],
    ['Mon, 06 Nov 1994 08:49:37 GMT', 'a weekday that contradicts the date'],
    ['Sun, 06 Nov 1994 24:00:00 GMT', 'hour 24'],
    ['Sun, 06 Nov 1994 08:60:00 GMT', 'minute 60'],
    ['Sun, 06 Nov 1994 08:49:61 GMT', 'second 61'],
    ['Sun, 06 Nov 1994 08:59:60 GMT', 'a leap second at another hour'],
    ['Sun, 06 Nov 1994 23:58:60 GMT', 'a leap second at another minute'],
    ['Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT', 'two dates'],
  ]
  for (const [text, rule] of refused) {
    it(`parseHttpDate(): does not read ${rule}`, () => assert.isNull(parseHttpDate(text, NOW)))
  }

  const twoDigits: [text: string, nowMs: number, expected: number | null, rule: string][] = [
    ['Thursday, 01-Jan-70 00:00:00 GMT', Date.UTC(2019, 0, 1), Date.UTC(1970, 0, 1), '51 years ahead is in the past'],
    [
      'Thursday, 01-Jan-70 00:00:00 GMT',
      Date.UTC(2019, 11, 31, 23, 59, 59),
      0,
      '50 years and a second ahead is in the past',
    ],
    [
      'Wednesday, 01-Jan-70 00:00:00 GMT',
      Date.UTC(2020, 0, 1),
      Date.UTC(2070, 0, 1),
      '50 years ahead is in the future',
    ],
    ['Friday, 31-Dec-76 00:00:00 GMT', NOW, Date.UTC(1976, 11, 31), 'later in the 50th year ahead is in the past'],
    ['Thursday, 31-Dec-76 00:00:00 GMT', NOW, null, 'the weekday must match the chosen year'],
    ['Wednesday, 01-Jan-10 00:00:00 GMT', Date.UTC(2099, 0, 1), Date.UTC(2110, 0, 1), 'the next century may be nearer'],
    ['Saturday, 01-Jan-00 00:00:00 GMT', NOW, Date.UTC(2000, 0, 1), '00 is the turn of the century'],
  ]
  for (const [text, nowMs, expected, rule] of twoDigits) {
    it(`parseHttpDate(): two digits of year: ${rule}`, () => assert.equal(parseHttpDate(text, nowMs), expected))
  }

  it('parseHttpDate(): reads back every date that formatHttpDate() writes', () => {
    fc.assert(
      fc.property(secondsBetween(FIRST_YEAR, LAST_YEAR), (ms) => {
        assert.equal(parseHttpDate(formatHttpDate(ms), NOW), ms)
      }),
    )
  })

  it('parseHttpDate(): reads back every date in asctime format', () => {
    fc.assert(
      fc.property(secondsBetween(FIRST_YEAR, LAST_YEAR), (ms) => {
        assert.equal(parseHttpDate(asctime(ms), NOW), ms)
      }),
    )
  })

  it('parseHttpDate(): reads back every date in RFC 850 format from 49 years before to 50 years after', () => {
    fc.assert(
      fc.property(secondsBetween(Date.UTC(1977, 0, 1), Date.UTC(2076, 10, 22, 12)), (ms) => {
        assert.equal(parseHttpDate(rfc850(ms), NOW), ms)
      }),
    )
  })

  it('parseHttpDate(): gives a whole second or null for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseHttpDate(text, NOW)
        assert.isTrue(ms === null || ms % 1000 === 0)
      }),
    )
  })
})
