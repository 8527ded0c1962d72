/** A file that is not there yet. */
export interface NewFile {
  readonly path: string
  readonly text: string
  /** Its permissions, whatever the umask takes away. */
  readonly mode: number
}

/** A folder, which may be there. */
export interface NewFolder {
  readonly path: string
  /** Its permissions where it has to be made, with those above it; the umask takes its own away. */
  readonly mode: number
}

/**
 * Writes files into a folder: all of them, or none.
 *
 * @throws {Error} naming what cannot be written and what was found; nothing that was there is overwritten
 */
export type WriteNew = (folder: NewFolder, files: readonly NewFile[]) => Promise<void>
