import { inspect } from 'node:util'
import { serializeError, deserializeError } from '../../../domain/threadpool/serialized-error.js'
import type { Clock, Stoppable } from '../../../ports/operations/clock.js'
import type { SerializedFact, SerializedFacts, ThreadReport, Question } from '../../../ports/threads/thread-messages.js'
import type { EventLog, Facts } from '../../../ports/operations/event-log.js'
import type { SharedContext } from '../../../ports/plugins/plugin.js'
import type { ThreadHandle } from './thread-handle.js'

/** Serves the plugins in handler threads: writes their log lines, answers their questions, sends the service's state. */
export class ThreadServices {
  private phase: ReturnType<SharedContext['phase']>
  private unready: string | null
  private readonly timer: Stoppable

  /**
   * @param threads the current threads
   * @param stateMs interval at which changes of the state are sent
   */
  constructor(
    private readonly context: SharedContext,
    clock: Clock,
    private readonly threads: () => readonly ThreadHandle[],
    stateMs: number,
  ) {
    this.phase = context.phase()
    this.unready = context.unready()
    this.timer = clock.every(stateMs, () => this.sendChangedState())
  }

  get log(): EventLog {
    return this.context.log
  }

  /** Sends the state of the service to a thread. */
  sendState(thread: ThreadHandle): void {
    thread.send(['state', this.phase, this.unready])
  }

  /** Writes the log line, or answers the question, of a thread. */
  handle(thread: ThreadHandle, report: ThreadReport): void {
    if (report[0] === 'ask') void this.answer(thread, report[1])
    else if (report[0] === 'log') {
      const [, level, event, facts] = report
      this.log[level](event, { ...deserializeFacts(facts), thread: thread.number })
      thread.send(['logged', 1])
    }
  }

  /** Sends no more state. */
  close(): void {
    this.timer.stop()
  }

  private async answer(thread: ThreadHandle, question: Question): Promise<void> {
    const { metrics } = this.context
    try {
      if (question === 'snapshot') thread.send([question, await metrics.snapshot()])
      else thread.send([question, await metrics.perWorker()])
    } catch (error) {
      thread.send(['ask-failed', question, serializeError(error, inspect)])
    }
  }

  private sendChangedState(): void {
    const phase = this.context.phase()
    const unready = this.context.unready()
    if (phase === this.phase && unready === this.unready) return
    this.phase = phase
    this.unready = unready
    for (const thread of this.threads()) this.sendState(thread)
  }
}

function deserializeFacts(facts: SerializedFacts): Facts {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, deserializeFact(fact)]))
}

function deserializeFact(fact: SerializedFact): unknown {
  if (typeof fact !== 'object' || fact === null) return fact
  return 'error' in fact ? deserializeError(fact.error) : JSON.parse(fact.json)
}
