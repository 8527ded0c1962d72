import { rangeLength, type ByteRange } from '../../domain/representation/range.js'
import type { FilePart } from '../../ports/serving/file-part.js'
import type { OpenFile } from '../../ports/serving/files.js'
import type { FileContent } from '../serving/sendable-response.js'

/**
 * Makes content of ranges of one open file and the text between them.
 *
 * The file is closed once: when its last range is released, when the content is discarded, or at once if there is no
 * range.
 */
export function fileContent(file: OpenFile, pieces: readonly (string | ByteRange)[]): FileContent {
  let unreleased = pieces.filter((piece) => typeof piece !== 'string').length
  if (unreleased === 0) file.close()
  const released = (): void => {
    if (unreleased > 0 && --unreleased === 0) file.close()
  }
  const discard = (): void => {
    if (unreleased > 0) file.close()
    unreleased = 0
  }
  const parts = pieces.map((piece) => (typeof piece === 'string' ? piece : filePart(file, piece, released)))
  return { kind: 'parts', length: parts.reduce((sum, part) => sum + part.length, 0), parts, discard }
}

/** Returns the ranges that are the whole file: none for an empty file. */
export function allOf(file: OpenFile): ByteRange[] {
  return file.size === 0 ? [] : [{ first: 0, last: file.size - 1 }]
}

function filePart(file: OpenFile, range: ByteRange, released: () => void): FilePart {
  return { descriptor: file.descriptor, offset: range.first, length: rangeLength(range), released }
}
