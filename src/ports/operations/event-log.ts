/** Facts beside an event, by name. An `error` among them is written with its stack. */
export type Facts = Readonly<Record<string, unknown>>

/** The log of events: the server's life, plugins, errors. Not for requests, which have a log of their own. */
export interface EventLog {
  debug(event: string, facts?: Facts): void
  info(event: string, facts?: Facts): void
  warn(event: string, facts?: Facts): void
  error(event: string, facts?: Facts): void
  /** The same log, with these facts on every event. */
  with(facts: Facts): EventLog
}
