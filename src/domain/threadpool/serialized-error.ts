/**
 * What was thrown, as it crosses to another thread. The platform's own copying loses the names of classes, codes and
 * causes, and fails altogether over what cannot be copied.
 */
import { BadContentError } from '../message/bad-content-error.js'

export type SerializedError =
  | {
      readonly kind: 'error'
      readonly name: string
      readonly message: string
      readonly stack: string
      /** The platform's code, such as `ENOENT`; null without one. */
      readonly code: string | number | null
      readonly cause: SerializedError | null
      /** Whether it is a `BadContentError`, which is told by its class. */
      readonly isBadContent: boolean
    }
  | { readonly kind: 'value'; readonly value: PlainValue }

/** What crosses as it is. */
export type PlainValue = string | number | bigint | boolean | null | undefined

const PLAIN_TYPES: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean', 'undefined'])

/** Causes of causes beyond this many are left out; they may go in a circle. */
const MOST_CAUSES = 5

/** @param describe what to say of a thrown thing that is neither an error nor a plain value */
export function serializeError(
  thrown: unknown,
  describe: (value: unknown) => string,
  causes: number = MOST_CAUSES,
): SerializedError {
  try {
    if (!(thrown instanceof Error)) return { kind: 'value', value: isPlain(thrown) ? thrown : describe(thrown) }
    const { name, message, stack, code, cause } = thrown as unknown as Record<string, unknown>
    return {
      kind: 'error',
      name: String(name),
      message: String(message),
      stack: String(stack),
      code: typeof code === 'string' || typeof code === 'number' ? code : null,
      cause: cause === undefined || causes === 0 ? null : serializeError(cause, describe, causes - 1),
      isBadContent: thrown instanceof BadContentError,
    }
  } catch {
    // What handlers throw may have getters that throw, or be a proxy that does.
    return { kind: 'value', value: 'an error that cannot be described' }
  }
}

export function isPlain(value: unknown): value is PlainValue {
  return value === null || PLAIN_TYPES.has(typeof value)
}

/** What was thrown, as good as new: an error is one again, with the name, stack and cause it had. */
export function deserializeError(crossed: SerializedError): unknown {
  if (crossed.kind === 'value') return crossed.value
  const { name, message, stack, code, cause, isBadContent } = crossed
  const error = isBadContent ? new BadContentError(message) : new Error(message)
  const own: Record<string, unknown> = { name, stack }
  if (code !== null) own['code'] = code
  if (cause !== null) own['cause'] = deserializeError(cause)
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true })
  }
  return error
}
