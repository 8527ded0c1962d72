import type { EventLog } from '../ports/operations/event-log.js'

/** A plugin's timer or forgotten promise fails outside of any request: it must not end everyone else's. */
export function logStrayErrors(log: EventLog): void {
  process.on('uncaughtException', (error) => log.error('uncaught exception', { error }))
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }))
}
