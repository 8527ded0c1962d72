import type { EventLog, Facts } from '../../src/ports/operations/event-log.js'

export interface RecordedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly event: string
  readonly facts: Facts
}

/** An event log that records events of every level. The logs made by `with` share its events. */
export class RecordingEventLog implements EventLog {
  constructor(
    readonly events: RecordedEvent[] = [],
    private readonly own: Facts = {},
  ) {}

  debug(event: string, facts?: Facts): void {
    this.record('debug', event, facts)
  }

  info(event: string, facts?: Facts): void {
    this.record('info', event, facts)
  }

  warn(event: string, facts?: Facts): void {
    this.record('warn', event, facts)
  }

  error(event: string, facts?: Facts): void {
    this.record('error', event, facts)
  }

  with(facts: Facts): EventLog {
    return new RecordingEventLog(this.events, { ...this.own, ...facts })
  }

  private record(level: RecordedEvent['level'], event: string, facts: Facts = {}): void {
    this.events.push({ level, event, facts: { ...this.own, ...facts } })
  }
}
