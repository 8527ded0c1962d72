/** A value, or a promise of it. A caller that gets the value can use it in the same turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>
