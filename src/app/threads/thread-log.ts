import { inspect } from 'node:util'
import { serializeError, isPlain } from '../../domain/threadpool/serialized-error.js'
import type { SerializedFact, SerializedFacts, LogLevel, FromThread } from '../../ports/threads/thread-messages.js'
import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { Settings } from '../../ports/operations/settings.js'

/** Lines on their way to the main thread that it has not taken yet; what is beyond is dropped and counted. */
const MOST_LINES = 1000

const LEVELS: readonly Settings['log']['level'][] = ['debug', 'info', 'warn', 'error', 'silent']

/** What all logs of a thread share: the way to the main thread's log, and how much is on it. */
export class LogChannel {
  private readonly lowest: number
  private underWay = 0
  private dropped = 0

  /** @param send hands a line over at once: a handler that blocks behind it must have been heard */
  constructor(
    level: Settings['log']['level'],
    private readonly send: (line: FromThread) => void,
  ) {
    this.lowest = LEVELS.indexOf(level)
  }

  /** @param facts asked for only when the line is sent */
  line(level: LogLevel, event: string, facts: () => SerializedFacts): void {
    if (LEVELS.indexOf(level) < this.lowest) return
    if (this.underWay >= MOST_LINES) {
      this.dropped++
      return
    }
    // The facts first: what a plugin logs may have getters that throw.
    const line: FromThread = ['log', level, event, facts()]
    this.underWay++
    this.send(line)
  }

  /** The main thread has taken so many lines. */
  taken(lines: number): void {
    this.underWay -= lines
    if (this.dropped === 0 || this.underWay > MOST_LINES / 2) return
    const { dropped } = this
    this.dropped = 0
    this.line('warn', 'log lines dropped', () => ({ dropped }))
  }
}

/** The event log in a handler thread: its lines come out in the main thread's. */
export class ThreadLog implements EventLog {
  constructor(
    private readonly crossing: LogChannel,
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
    return new ThreadLog(this.crossing, { ...this.own, ...facts })
  }

  private line(level: LogLevel, event: unknown, facts: Facts = {}): void {
    // A plugin in plain JavaScript may hand us anything: what it meant is logged as well as can be.
    const given = facts instanceof Error ? { error: facts } : facts
    this.crossing.line(level, String(event), () => crossedFacts({ ...this.own, ...given }))
  }
}

function crossedFacts(facts: Facts): SerializedFacts {
  const crossed: Record<string, SerializedFact> = {}
  for (const [name, value] of Object.entries(facts)) crossed[name] = crossedFact(value)
  return crossed
}

function crossedFact(value: unknown): SerializedFact {
  if (value instanceof Error) return { error: serializeError(value, described) }
  return isPlain(value) ? value : jsonOf(value)
}

/** What JSON cannot hold is described as a text. */
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

/** A value in words, whatever it is: a getter may throw. */
export function described(value: unknown): string {
  try {
    return inspect(value, { customInspect: false, depth: 3, breakLength: Infinity })
  } catch {
    return 'a value that cannot be described'
  }
}
