import type { MaybePromise } from '../plugins/maybe-promise.js'

/** Facts about an open regular file, of the moment it was opened. */
export interface FileFacts {
  /** Octets. */
  readonly size: number
  /** Time of the last change to the content, in milliseconds since 1970, with a fraction. */
  readonly modifiedMs: number
  /** Time of the last change to content or inode, likewise. */
  readonly changedMs: number
  /** Which file it is on its device; a replaced file has another. */
  readonly inode: number
}

/** A regular file, open for reading. The facts and the octets are of one and the same file, whatever happens to its name. */
export interface OpenFile extends FileFacts {
  /** For `FilePart.descriptor`. */
  readonly descriptor: number
  /** Gives the descriptor back. Called once. */
  close(): void
}

/** What was found instead of a regular file that may be read; a directory is told apart so that its index can be tried. */
export type NoFile = 'missing' | 'directory' | 'forbidden'

/** The file system, as the inside asks for it. */
export interface Files {
  /**
   * Opens a regular file for reading.
   *
   * @param root nothing outside this folder is ever opened, by any path, link or race; `null`: the path is trusted
   * @param path below the root, with `/` between segments; one with an empty segment, a dot segment, a segment that
   *   begins with a dot, or a backslash is `missing`. A trusted path is one of the platform. A NUL is always `missing`
   * @returns what there was instead when it is not a regular file: FIFOs, devices and sockets are `missing`, and never
   *   block; a file that we may not read is `forbidden`. No promise for what is known already
   * @throws the platform's error for what is the world's fault, by a promise: descriptors running out, an I/O error
   */
  open(root: string | null, path: string): MaybePromise<OpenFile | NoFile>
}

/** The media type that a file's name tells, without parameters; `null` for an extension nobody knows, or none. */
export type MediaTypes = (path: string) => string | null
