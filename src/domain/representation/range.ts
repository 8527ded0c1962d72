import type { FieldSection } from '../message/field-section.js'
import { ifRangeHolds } from './conditional.js'
import { listMembers } from '../octets/grammar.js'
import type { Validators } from './validators.js'

/** A range of a representation by its first and last position, both inclusive and within its size. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * The parts of a representation to send: all of it (200), one range (206), several as multipart (206), or nothing
 * (416).
 */
export type RangeSelection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'single'; readonly range: ByteRange }
  | { readonly kind: 'several'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

/**
 * More ranges, or overlapping ones, are likely an attack (RFC 9110 §14.2): the whole representation is sent instead.
 */
const MAX_RANGES = 4

const WHOLE: RangeSelection = { kind: 'whole' }
const UNSATISFIABLE: RangeSelection = { kind: 'unsatisfiable' }

/** A range as requested, in decimal digits, before the size is known; an empty `last` means the end. */
type RangeSpec =
  | { readonly kind: 'int'; readonly first: string; readonly last: string }
  | { readonly kind: 'suffix'; readonly length: string }

/**
 * Selects the parts of a representation that a request asks for (RFC 9110 §14.2), after its preconditions were
 * evaluated.
 *
 * `Range` is ignored for methods other than GET, for units other than bytes, when it is malformed, and when `If-Range`
 * does not hold.
 *
 * @param size octets of the whole representation
 * @param nowMs the wall clock, for dates in `If-Range`
 */
export function selectRanges(
  method: string,
  fields: FieldSection,
  size: number,
  current: Validators,
  nowMs: number,
): RangeSelection {
  const text = method === 'GET' ? fields.get('range') : null
  const specs = text === null ? null : parseRange(text)
  return specs !== null && ifRangeHolds(fields, current, nowMs) ? satisfy(specs, size) : WHOLE
}

/** The value of `Content-Range` on a 206, or on a part of one (RFC 9110 §14.4). */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`
}

/** The value of `Content-Range` on a 416 (RFC 9110 §14.4). */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`
}

/** The number of octets in a range. */
export function rangeLength(range: ByteRange): number {
  return range.last - range.first + 1
}

/** `null` for a unit other than bytes, and when any range is malformed. */
function parseRange(text: string): RangeSpec[] | null {
  const unit = 'bytes='
  if (text.slice(0, unit.length).toLowerCase() !== unit) return null
  const specs = listMembers(text.slice(unit.length)).map(parseRangeSpec)
  return specs.length > 0 && specs.every((spec) => spec !== null) ? specs : null
}

function parseRangeSpec(member: string): RangeSpec | null {
  const [, first, last] = /^([0-9]*)-([0-9]*)$/.exec(member) ?? []
  if (first === undefined || last === undefined) return null
  if (first === '') return last === '' ? null : { kind: 'suffix', length: last }
  // "An int-range is invalid if the last-pos value is present and less than first-pos" (§14.1.1).
  return last !== '' && isLess(last, first) ? null : { kind: 'int', first, last }
}

function satisfy(specs: readonly RangeSpec[], size: number): RangeSelection {
  // A suffix of an empty representation is satisfiable (§14.1.2), but no Content-Range can express it.
  if (size === 0 && specs.some((spec) => spec.kind === 'suffix' && Number(spec.length) > 0)) return WHOLE
  const ranges = specs.flatMap((spec) => rangeWithin(spec, size))
  const [range] = ranges
  if (range === undefined) return UNSATISFIABLE
  if (ranges.length === 1) return { kind: 'single', range }
  return ranges.length > MAX_RANGES || overlap(ranges) ? WHOLE : { kind: 'several', ranges }
}

/**
 * The part of a range that lies within the size: one range or none. A number above 2^53 is rounded, perhaps to
 * infinity, but never to less than 2^53, and no size is larger than that.
 */
function rangeWithin(spec: RangeSpec, size: number): ByteRange[] {
  if (spec.kind === 'suffix') {
    const length = Math.min(Number(spec.length), size)
    return length === 0 ? [] : [{ first: size - length, last: size - 1 }]
  }
  const first = Number(spec.first)
  const last = spec.last === '' ? size - 1 : Math.min(Number(spec.last), size - 1)
  return first < size ? [{ first, last }] : []
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.first - b.first)
  return sorted.some((range, at) => at > 0 && range.first <= sorted[at - 1]!.last)
}

/** Compares decimal digits of any length, exactly. */
function isLess(a: string, b: string): boolean {
  const [x, y] = [withoutLeadingZeros(a), withoutLeadingZeros(b)]
  return x.length === y.length ? x < y : x.length < y.length
}

function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+/, '')
}
