/**
 * Errors in a form that can be sent to another thread. The platform's structured clone would lose class names, codes and
 * causes, and fails for values that cannot be cloned.
 */
import { BadContentError } from '../message/bad-content-error.js'

/** A thrown value, as plain data. */
export type SerializedError =
  | {
      readonly kind: 'error'
      readonly name: string
      readonly message: string
      readonly stack: string
      /** The platform's code, such as `ENOENT`; null without one. */
      readonly code: string | number | null
      readonly cause: SerializedError | null
      /** Whether it is a `BadContentError`: the receiver identifies these by their class. */
      readonly isBadContent: boolean
    }
  | { readonly kind: 'value'; readonly value: PlainValue }

/** A value that needs no conversion to be sent. */
export type PlainValue = string | number | bigint | boolean | null | undefined

const PLAIN_TYPES: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean', 'undefined'])

/** How many nested causes are kept. There must be a limit: a chain of causes can be circular. */
const MAX_CAUSES = 5

/**
 * Converts a thrown value to plain data. Never throws.
 *
 * @param describe describes a thrown value that is neither an error nor plain
 */
export function serializeError(
  thrown: unknown,
  describe: (value: unknown) => string,
  causes: number = MAX_CAUSES,
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
    // A handler may throw an object with getters that throw, or a proxy that does.
    return { kind: 'value', value: 'an error that cannot be described' }
  }
}

/** Whether a value needs no conversion to be sent. */
export function isPlain(value: unknown): value is PlainValue {
  return value === null || PLAIN_TYPES.has(typeof value)
}

/** Restores the thrown value. An error becomes an `Error` again, with its original name, message, stack, code and cause. */
export function deserializeError(serialized: SerializedError): unknown {
  if (serialized.kind === 'value') return serialized.value
  const { name, message, stack, code, cause, isBadContent } = serialized
  const error = isBadContent ? new BadContentError(message) : new Error(message)
  const own: Record<string, unknown> = { name, stack }
  if (code !== null) own['code'] = code
  if (cause !== null) own['cause'] = deserializeError(cause)
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true })
  }
  return error
}
