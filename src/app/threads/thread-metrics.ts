import type { Question } from '../../ports/threads/thread-messages.js'
import type { MetricsSnapshot, ServiceMetrics, WorkerSnapshot } from '../../ports/operations/metrics.js'

/** A question under way, and those who wait for its answer. */
interface Asked {
  readonly answer: Promise<unknown>
  readonly settle: (answer: unknown) => void
  readonly fail: (error: unknown) => void
}

/** The metrics in a handler thread: the main thread is asked. Who asks while a question is under way shares its answer. */
export class ThreadMetrics implements ServiceMetrics {
  private readonly asked = new Map<Question, Asked>()

  constructor(private readonly send: (question: Question) => void) {}

  snapshot(): Promise<MetricsSnapshot> {
    return this.ask('snapshot') as Promise<MetricsSnapshot>
  }

  perWorker(): Promise<readonly WorkerSnapshot[]> {
    return this.ask('per-worker') as Promise<readonly WorkerSnapshot[]>
  }

  answered(question: Question, answer: unknown): void {
    this.over(question)?.settle(answer)
  }

  failed(question: Question, error: unknown): void {
    this.over(question)?.fail(error)
  }

  private ask(question: Question): Promise<unknown> {
    return (this.asked.get(question) ?? this.begin(question)).answer
  }

  private begin(question: Question): Asked {
    let settle: Asked['settle'] = () => undefined
    let fail = settle
    const answer = new Promise((resolve, reject) => {
      settle = resolve
      fail = reject
    })
    const asked = { answer, settle, fail }
    this.asked.set(question, asked)
    this.send(question)
    return asked
  }

  private over(question: Question): Asked | undefined {
    const asked = this.asked.get(question)
    this.asked.delete(question)
    return asked
  }
}
