import { contentRange, rangeLength, type ByteRange } from './range.js'

/** Several ranges as one content (RFC 9110 §15.3.7.2): a head, the octets of its range, the next head, ..., the end. */
export interface MultipartByteranges {
  /** The value of `Content-Type`. */
  readonly contentType: string
  /** The text before each range, in the order of the ranges. */
  readonly heads: readonly string[]
  /** The text after the last range. */
  readonly end: string
  /** Octets of the whole content: texts and ranges. */
  readonly length: number
}

/**
 * Arranges ranges as `multipart/byteranges`.
 *
 * @param size octets of the whole representation
 * @param partType the media type of the representation
 * @param boundary 1 to 70 letters and digits, chosen at random, so that CRLF, `--` and the boundary never occur in the
 *   content
 */
export function multipartByteranges(
  ranges: readonly ByteRange[],
  size: number,
  partType: string,
  boundary: string,
): MultipartByteranges {
  const heads = ranges.map(
    (range, at) =>
      `${at === 0 ? '' : '\r\n'}--${boundary}\r\n` +
      `Content-Type: ${partType}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
  )
  const end = `\r\n--${boundary}--\r\n`
  const textLength = (heads.join('') + end).length
  const length = ranges.reduce((sum, range) => sum + rangeLength(range), textLength)
  return { contentType: `multipart/byteranges; boundary=${boundary}`, heads, end, length }
}
