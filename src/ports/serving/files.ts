import type { MaybePromise } from '../plugins/maybe-promise.js'

/** Facts about a regular file at the moment when it was opened. */
export interface FileFacts {
  /** In octets. */
  readonly size: number
  /** Time of the last change to the content, in milliseconds since 1970, with a fraction. */
  readonly modifiedMs: number
  /** Time of the last change to the content or the inode, in the same unit. */
  readonly changedMs: number
  /** The number of the inode. A file that replaces another has another number. */
  readonly inode: number
}

/** A regular file, open for reading. Facts and octets belong to the same file, even if its name is reused meanwhile. */
export interface OpenFile extends FileFacts {
  /** For `FilePart.descriptor`. */
  readonly descriptor: number
  /** Closes the descriptor. Called once. */
  close(): void
}

/** Why a file cannot be opened. A directory is a case of its own, so that its index can be tried. */
export type NoFile = 'missing' | 'directory' | 'forbidden'

/** Opens files for responses. */
export interface Files {
  /**
   * Opens a regular file for reading.
   *
   * @param root no file outside this folder is opened, by any path, link or race; with `null` the path is trusted
   * @param path relative to the root, with `/` between segments. A path with an empty segment, a segment that begins with
   *   a dot, or a backslash is `missing`. A trusted path has the platform's form. A NUL is always `missing`
   * @returns the open file, or why there is none: FIFOs, devices and sockets are `missing` and never block; a file that
   *   the process has no permission to read is `forbidden`. The result is a promise only if the file system was asked
   * @throws the platform's error, by the promise, for an I/O error or when no descriptor is left
   */
  open(root: string | null, path: string): MaybePromise<OpenFile | NoFile>
}

/** Returns the media type for the extension of a file's name, without parameters; `null` if the extension is unknown. */
export type MediaTypes = (path: string) => string | null
