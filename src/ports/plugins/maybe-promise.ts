/** What is there at once, or comes by a promise: who has it at once need not wait a turn for it. */
export type MaybePromise<T> = T | Promise<T>
