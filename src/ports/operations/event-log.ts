/** The facts of an event, by name. An error is written with its stack. */
export type Facts = Readonly<Record<string, unknown>>

/**
 * The log of events: the server's life, plugins, errors. Requests have a separate log.
 *
 * An event is a short phrase in lower case, such as `worker replaced`. Facts carry everything that varies.
 */
export interface EventLog {
  debug(event: string, facts?: Facts): void
  info(event: string, facts?: Facts): void
  warn(event: string, facts?: Facts): void
  error(event: string, facts?: Facts): void
  /** Returns a log that adds these facts to every event. */
  with(facts: Facts): EventLog
}
