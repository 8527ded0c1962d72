import type { ContentCoding } from './content-coding.js'
import { entityTagOf, type EntityTag, type FileState } from './entity-tag.js'

/** The values that distinguish one state of a representation from another (RFC 9110 §8.8). */
export interface Validators {
  readonly etag: EntityTag
  /** Milliseconds since 1970, in whole seconds, since `Last-Modified` has no finer resolution. */
  readonly lastModifiedMs: number
}

/**
 * Makes the validators of a file.
 *
 * @param nowMs the wall clock: a modification date in the future counts as now, since an origin server "MUST NOT
 *   generate a Last-Modified date that is later than the server's time of message origination" (RFC 9110 §8.8.2.1)
 */
export function validatorsOf(file: FileState, nowMs: number, coding: ContentCoding = 'identity'): Validators {
  const lastModifiedMs = Math.floor(Math.min(file.modifiedMs, nowMs) / 1000) * 1000
  return { etag: entityTagOf(file, coding), lastModifiedMs }
}
