/** A file to create. */
export interface NewFile {
  readonly path: string
  readonly text: string
  /** Its exact permissions; the umask does not apply. */
  readonly mode: number
}

/** A folder to create where it is missing. */
export interface NewFolder {
  readonly path: string
  /** The permissions of the folders that are created, less the umask. */
  readonly mode: number
}

/**
 * Creates all files in a folder, or none of them. It never overwrites a file.
 *
 * @throws {Error} naming the file that cannot be written and what was found in its place
 */
export type WriteNew = (folder: NewFolder, files: readonly NewFile[]) => Promise<void>
