import { inspect } from 'node:util'
import { serializeError, isPlain } from '../../domain/threadpool/serialized-error.js'
import type { SerializedFact, SerializedFacts, LogLevel, FromThread } from '../../ports/threads/thread-messages.js'
import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { Settings } from '../../ports/operations/settings.js'

/** How many lines may be sent without having been acknowledged by the main thread. Further lines are dropped and counted. */
const MAX_UNACKNOWLEDGED = 1000

const LEVELS: readonly Settings['log']['level'][] = ['debug', 'info', 'warn', 'error', 'silent']

/** Sends log lines to the main thread's log, for all logs of a thread. */
export class LogChannel {
  private readonly lowest: number
  private unacknowledged = 0
  private dropped = 0

  /** @param send sends a line at once, so that it is logged even if the handler then blocks the thread */
  constructor(
    level: Settings['log']['level'],
    private readonly send: (line: FromThread) => void,
  ) {
    this.lowest = LEVELS.indexOf(level)
  }

  /**
   * Sends a line, if its level is not below the level of the log.
   *
   * @param facts called only if the line is sent
   */
  line(level: LogLevel, event: string, facts: () => SerializedFacts): void {
    if (LEVELS.indexOf(level) < this.lowest) return
    if (this.unacknowledged >= MAX_UNACKNOWLEDGED) {
      this.dropped++
      return
    }
    // Calls `facts` before it counts the line: the facts of a plugin may have getters that throw.
    const line: FromThread = ['log', level, event, facts()]
    this.unacknowledged++
    this.send(line)
  }

  /** The main thread has written this number of lines. */
  acknowledged(lines: number): void {
    this.unacknowledged -= lines
    if (this.dropped === 0 || this.unacknowledged > MAX_UNACKNOWLEDGED / 2) return
    const { dropped } = this
    this.dropped = 0
    this.line('warn', 'log lines dropped', () => ({ dropped }))
  }
}

/** The event log in a handler thread: the main thread writes its lines. */
export class ThreadLog implements EventLog {
  constructor(
    private readonly channel: LogChannel,
    private readonly own: Facts = {},
  ) {}

  debug(event: string, facts?: Facts): void {
    this.line('debug', event, facts)
  }

  info(event: string, facts?: Facts): void {
    this.line('info', event, facts)
  }

  warn(event: string, facts?: Facts): void {
    this.line('warn', event, facts)
  }

  error(event: string, facts?: Facts): void {
    this.line('error', event, facts)
  }

  with(facts: Facts): EventLog {
    return new ThreadLog(this.channel, { ...this.own, ...facts })
  }

  private line(level: LogLevel, event: unknown, facts: Facts = {}): void {
    // A plugin in plain JavaScript may pass any values: an error instead of facts is a common mistake.
    const given = facts instanceof Error ? { error: facts } : facts
    this.channel.line(level, String(event), () => serializeFacts({ ...this.own, ...given }))
  }
}

function serializeFacts(facts: Facts): SerializedFacts {
  const serialized: Record<string, SerializedFact> = {}
  for (const [name, value] of Object.entries(facts)) serialized[name] = serializeFact(value)
  return serialized
}

function serializeFact(value: unknown): SerializedFact {
  if (value instanceof Error) return { error: serializeError(value, described) }
  return isPlain(value) ? value : jsonOf(value)
}

/** The value as JSON; its description if JSON cannot represent it. */
function jsonOf(value: unknown): SerializedFact {
  try {
    const json = JSON.stringify(value, (_, each: unknown) => (each instanceof Error ? errorFacts(each) : each)) as
      string | undefined
    return json === undefined ? described(value) : { json }
  } catch {
    return described(value)
  }
}

function errorFacts(error: Error): object {
  const { name, message, code, stack, cause } = error as NodeJS.ErrnoException
  return { name, message, code, stack, cause }
}

/** Describes any value in words. Never throws, even if a getter of the value does. */
export function described(value: unknown): string {
  try {
    return inspect(value, { customInspect: false, depth: 3, breakLength: Infinity })
  } catch {
    return 'a value that cannot be described'
  }
}
