import { inspect } from 'node:util'
import { serializeError, deserializeError } from '../../../domain/threadpool/serialized-error.js'
import type { Clock, Stoppable } from '../../../ports/operations/clock.js'
import type { SerializedFact, SerializedFacts, ThreadReport, Question } from '../../../ports/threads/thread-messages.js'
import type { EventLog, Facts } from '../../../ports/operations/event-log.js'
import type { SharedContext } from '../../../ports/plugins/plugin.js'
import type { ThreadHandle } from './thread-handle.js'

/** How old what a thread knows of the service may be. */
const STATE_MS = 250

/** What the main thread does for the plugins in handler threads: their log, their questions, the state of the service. */
export class ThreadServices {
  private phase: ReturnType<SharedContext['phase']>
  private unready: string | null
  private readonly telling: Stoppable

  constructor(
    private readonly context: SharedContext,
    clock: Clock,
    private readonly threads: () => readonly ThreadHandle[],
  ) {
    this.phase = context.phase()
    this.unready = context.unready()
    this.telling = clock.every(STATE_MS, () => this.tellChange())
  }

  get log(): EventLog {
    return this.context.log
  }

  /** Tells a new thread the state of the service. */
  greet(thread: ThreadHandle): void {
    thread.send(['state', this.phase, this.unready])
  }

  serve(thread: ThreadHandle, news: ThreadReport): void {
    if (news[0] === 'ask') void this.answer(thread, news[1])
    else if (news[0] === 'log') {
      const [, level, event, facts] = news
      this.log[level](event, { ...revivedFacts(facts), thread: thread.number })
      thread.send(['logged', 1])
    }
  }

  close(): void {
    this.telling.stop()
  }

  private async answer(thread: ThreadHandle, question: Question): Promise<void> {
    const { metrics } = this.context
    try {
      if (question === 'snapshot') thread.send([question, await metrics.snapshot()])
      else thread.send([question, await metrics.perWorker()])
    } catch (error) {
      thread.send(['unanswered', question, serializeError(error, inspect)])
    }
  }

  private tellChange(): void {
    const phase = this.context.phase()
    const unready = this.context.unready()
    if (phase === this.phase && unready === this.unready) return
    this.phase = phase
    this.unready = unready
    for (const thread of this.threads()) this.greet(thread)
  }
}

function revivedFacts(facts: SerializedFacts): Facts {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, revivedFact(fact)]))
}

function revivedFact(fact: SerializedFact): unknown {
  if (typeof fact !== 'object' || fact === null) return fact
  return 'error' in fact ? deserializeError(fact.error) : JSON.parse(fact.json)
}
