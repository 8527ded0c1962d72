import { deferred, type Deferred } from '../domain/deferred.js'
import type { Clock, Stoppable } from '../ports/operations/clock.js'

/** Bounds the wait for one answer. */
export interface AnswerTimeout<Answer> {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Makes the answer that is used when none has arrived in time. */
  readonly fallback: () => Answer
}

interface Pending<Answer> {
  readonly answer: Deferred<Answer>
  readonly timer: Stoppable | null
}

/**
 * Promises for answers of another process or thread, from the time of the question until the answer arrives.
 *
 * Each pending answer has a key, such as a query number, which the other side repeats in its answer.
 */
export class PendingAnswers<Key, Answer> {
  private readonly pending = new Map<Key, Pending<Answer>>()

  /** The promise of an answer that is pending already. */
  get(key: Key): Promise<Answer> | undefined {
    return this.pending.get(key)?.answer.promise
  }

  /**
   * Makes the promise of an answer. The caller sends the question.
   *
   * @param key for which no answer is pending
   * @param timeout `null`: waits until `resolve` or `reject`
   */
  expect(key: Key, timeout: AnswerTimeout<Answer> | null = null): Promise<Answer> {
    const answer = deferred<Answer>()
    const timer = timeout && timeout.clock.after(timeout.timeoutMs, () => this.resolve(key, timeout.fallback()))
    this.pending.set(key, { answer, timer })
    return answer.promise
  }

  /** Passes an answer on; a no-op when none is pending for this key. */
  resolve(key: Key, answer: Answer): void {
    this.take(key)?.resolve(answer)
  }

  /** Passes a failure on; a no-op when no answer is pending for this key. */
  reject(key: Key, error: unknown): void {
    this.take(key)?.reject(error)
  }

  private take(key: Key): Deferred<Answer> | undefined {
    const found = this.pending.get(key)
    this.pending.delete(key)
    found?.timer?.stop()
    return found?.answer
  }
}
