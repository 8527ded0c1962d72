/**
 * Dates in fields (RFC 9110 §5.6.7): one format is written, three are accepted.
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate, the format that is written
 *     Sunday, 06-Nov-94 08:49:37 GMT   RFC 850, whose year has two digits
 *     Sun Nov  6 08:49:37 1994         asctime
 */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9]):(?<second>[0-5][0-9]|60)'
const IMF_FIXDATE = new RegExp(
  `^(?<weekday>${DAYS.join('|')}), (?<day>[0-9]{2}) ${MONTH} (?<year>[0-9]{4}) ${TIME} GMT$`,
)
const RFC_850 = new RegExp(
  `^(?<weekday>${LONG_DAYS.join('|')}), (?<day>[0-9]{2})-${MONTH}-(?<year>[0-9]{2}) ${TIME} GMT$`,
)
const ASCTIME = new RegExp(`^(?<weekday>${DAYS.join('|')}) ${MONTH} (?<day>[0-9]{2}| [0-9]) ${TIME} (?<year>[0-9]{4})$`)

/** The parts that all three formats have, as text. */
type DateParts = Readonly<Record<'weekday' | 'day' | 'month' | 'year' | 'hour' | 'minute' | 'second', string>>

/**
 * Writes a date as IMF-fixdate, rounded down to the second.
 *
 * @param ms milliseconds since 1970; the year must be from 0 to 9999
 */
export function formatHttpDate(ms: number): string {
  // ECMAScript fixes the format of toUTCString, and it is IMF-fixdate.
  return new Date(ms).toUTCString()
}

/**
 * Reads a date in any of the three formats, which are case-sensitive and allow no other white space.
 *
 * @param nowMs the wall clock: a two-digit year is never more than 50 years after it
 * @returns milliseconds since 1970; `null` for text that is not a date, for a day that the month does not have, and for
 *   a weekday that contradicts the date
 */
export function parseHttpDate(text: string, nowMs: number): number | null {
  const parts = (IMF_FIXDATE.exec(text) ?? ASCTIME.exec(text) ?? RFC_850.exec(text))?.groups as DateParts | undefined
  if (parts === undefined) return null
  const { weekday, day, hour, minute, second } = parts
  // Only the last minute of a day can have a leap second; it counts as the first second of the next day.
  if (second === '60' && `${hour}:${minute}` !== '23:59') return null
  const year = parts.year.length === 2 ? fullYear(parts, nowMs) : Number(parts.year)
  const midnight = midnightOf(parts, year)
  if (midnight.getUTCDate() !== Number(day) || !weekday.startsWith(DAYS[midnight.getUTCDay()]!)) return null
  return timeOf(parts, year)
}

/**
 * "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year, MUST interpret a timestamp that
 * appears to be more than 50 years in the future as representing the most recent year in the past that had the same
 * last two digits."
 */
function fullYear(parts: DateParts, nowMs: number): number {
  const limit = new Date(nowMs)
  limit.setUTCFullYear(limit.getUTCFullYear() + 50)
  const limitYear = limit.getUTCFullYear()
  const year = limitYear - ((limitYear - Number(parts.year)) % 100)
  return timeOf(parts, year) > limit.getTime() ? year - 100 : year
}

/** The date's midnight in the given year; a day that the month does not have overflows into the next month. */
function midnightOf({ month, day }: DateParts, year: number): Date {
  // Date.UTC would read a year below 100 as a year of the 20th century.
  return new Date(new Date(0).setUTCFullYear(year, MONTHS.indexOf(month), Number(day)))
}

function timeOf(parts: DateParts, year: number): number {
  return midnightOf(parts, year).setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second))
}
