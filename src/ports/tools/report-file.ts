/** Writes all that is to stand in a file. */
export type WriteReport = (text: string) => Promise<void>

/**
 * Sees that a file can be written, before the work begins whose result it is to have.
 *
 * @throws {Error} when it cannot
 */
export type OpenReport = (path: string) => Promise<WriteReport>
