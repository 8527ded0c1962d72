import type { EventLog } from '../ports/operations/event-log.js'

/** Logs errors that no request caught, such as that of a plugin's timer. Without this, one would end the process and all its requests. */
export function logStrayErrors(log: EventLog): void {
  process.on('uncaughtException', (error) => log.error('uncaught exception', { error }))
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }))
}
