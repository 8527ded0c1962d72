/** The parts of a W3C `traceparent` field (Trace Context §3.2). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly parentId: string
  /** Eight bits; the lowest one means that the trace is recorded. */
  readonly flags: number
}

/**
 * Reads a `traceparent` field: `version "-" trace-id "-" parent-id "-" flags`, in lower-case hexadecimal digits.
 *
 * @param traceparent the combined field value; `null` without the field
 * @returns `null` when the value is not valid, so that a new trace must be started
 */
export function traceParentOf(traceparent: string | null): TraceParent | null {
  const traceId = traceIdOf(traceparent)
  if (traceId === null) return null
  return { traceId, parentId: traceparent!.slice(36, 52), flags: Number.parseInt(traceparent!.slice(53, 55), 16) }
}

/**
 * Reads only the trace id, which every request needs.
 *
 * @param traceparent the combined field value; `null` without the field
 * @returns `null` when the value is not valid
 */
export function traceIdOf(traceparent: string | null): string | null {
  if (traceparent === null || !hasLayout(traceparent)) return null
  if (traceparent.startsWith('ff') || !isId(traceparent, 3, 35) || !isId(traceparent, 36, 52)) return null
  return traceparent.slice(3, 35)
}

const LENGTH = 55
const DASH = 0x2d
const ZERO = 0x30

function hasLayout(value: string): boolean {
  return (
    value.length >= LENGTH &&
    value.charCodeAt(2) === DASH &&
    value.charCodeAt(35) === DASH &&
    value.charCodeAt(52) === DASH &&
    isHex(value, 0, 2) &&
    isHex(value, 53, LENGTH) &&
    endsWell(value)
  )
}

/**
 * "Vendors MUST check that the 2 characters are either the end of the string or a dash": later versions may be longer.
 */
function endsWell(value: string): boolean {
  return value.length === LENGTH || (!value.startsWith('00') && value.charCodeAt(LENGTH) === DASH)
}

/** "All bytes as zero is considered an invalid value": this holds for trace id and parent id. */
function isId(value: string, from: number, to: number): boolean {
  if (!isHex(value, from, to)) return false
  for (let at = from; at < to; at++) if (value.charCodeAt(at) !== ZERO) return true
  return false
}

function isHex(value: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = value.charCodeAt(at)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}
