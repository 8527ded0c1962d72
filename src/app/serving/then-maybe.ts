import type { MaybePromise } from '../../ports/plugins/maybe-promise.js'

/** Calls `next` at once with a value, or when the promise of a value resolves. Costs no promise for a value. */
export function thenMaybe<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
