import type { Question } from '../../ports/threads/thread-messages.js'
import type { MetricsSnapshot, ServiceMetrics, WorkerSnapshot } from '../../ports/operations/metrics.js'
import { PendingAnswers } from '../pending-answers.js'

/** Metrics in a handler thread: asks the main thread. Calls made while the same question is pending share its answer. */
export class ThreadMetrics implements ServiceMetrics {
  private readonly answers = new PendingAnswers<Question, unknown>()

  constructor(private readonly send: (question: Question) => void) {}

  snapshot(): Promise<MetricsSnapshot> {
    return this.ask('snapshot') as Promise<MetricsSnapshot>
  }

  perWorker(): Promise<readonly WorkerSnapshot[]> {
    return this.ask('per-worker') as Promise<readonly WorkerSnapshot[]>
  }

  /** The main thread has answered. */
  answered(question: Question, answer: unknown): void {
    this.answers.resolve(question, answer)
  }

  /** The main thread could not answer. */
  failed(question: Question, error: unknown): void {
    this.answers.reject(question, error)
  }

  private ask(question: Question): Promise<unknown> {
    return this.answers.get(question) ?? this.begin(question)
  }

  private begin(question: Question): Promise<unknown> {
    const answer = this.answers.expect(question)
    this.send(question)
    return answer
  }
}
