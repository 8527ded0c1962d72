import type { MaybePromise } from '../../ports/plugins/maybe-promise.js'

/** Goes on at once where a value is there at once, and otherwise when it comes. */
export function thenMaybe<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
