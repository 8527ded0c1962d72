/** Writes the whole content of a file. */
export type WriteReport = (text: string) => Promise<void>

/**
 * Checks that a report can be written to a file, before the work begins whose result it will hold.
 *
 * @throws {Error} when it cannot be written
 */
export type OpenReport = (path: string) => Promise<WriteReport>
