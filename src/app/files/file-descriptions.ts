import { formatHttpDate, parseHttpDate } from '../../domain/message/http-date.js'
import { ResponseFields, type FieldLine } from '../../domain/message/response-fields.js'
import type { ContentCoding } from '../../domain/representation/content-coding.js'
import { withCharset } from '../../domain/representation/media-type.js'
import { validatorsOf, type Validators } from '../../domain/representation/validators.js'
import type { FileFacts, MediaTypes } from '../../ports/serving/files.js'

/** The fields and validators of a file. */
export interface Description {
  /** Media type and coding, without the fields of the selected representation: tag, date, ranges (RFC 9110 §8.8). */
  readonly typed: ResponseFields
  /** All fields of the selected representation. */
  readonly whole: ResponseFields
  /** The validators as they are sent, which the handler may have set. */
  readonly validators: Validators
}

/** A description with its inputs. It is valid while they are the same. */
interface KnownDescription extends Description {
  readonly file: FileFacts
  readonly given: string
  readonly isNegotiated: boolean
}

/** Largest number of descriptions in memory. When it is reached, all are dropped. */
const MAX_KNOWN = 1024

/** The field of a response whose coding depends on the request. */
export const VARY: FieldLine = ['Vary', 'Accept-Encoding']

/**
 * Makes the fields that describe files. Making a description takes 8 µs, so the last one of each path is kept, and used as
 * long as the file is the same.
 */
export class FileDescriptions {
  private readonly known = new Map<string, KnownDescription>()

  /** @param wall returns the time of the wall clock, in milliseconds since 1970 */
  constructor(
    private readonly mediaTypes: MediaTypes,
    private readonly wall: () => number,
  ) {}

  /**
   * Describes a file.
   *
   * @param path its extension decides the media type
   * @param given the fields that the handler set; they take precedence
   * @param isNegotiated whether the coding depends on the request's `Accept-Encoding`
   */
  describe(
    path: string,
    file: FileFacts,
    coding: ContentCoding,
    given: ResponseFields,
    isNegotiated: boolean,
  ): Description {
    const key = coding === 'identity' ? path : `${coding}\0${path}`
    const known = this.known.get(key)
    if (known?.given === given.wire && known.isNegotiated === isNegotiated && isSame(known.file, file)) return known
    const description = this.make(path, file, coding, given, isNegotiated)
    // A file from the future gets the date of the response (RFC 9110 §8.8.2.1), so its description is not kept.
    if (file.modifiedMs <= this.wall()) this.keep(key, { ...description, file, given: given.wire, isNegotiated })
    return description
  }

  private keep(key: string, known: KnownDescription): void {
    if (this.known.size >= MAX_KNOWN) this.known.clear()
    this.known.set(key, known)
  }

  private make(
    path: string,
    file: FileFacts,
    coding: ContentCoding,
    given: ResponseFields,
    isNegotiated: boolean,
  ): Description {
    const type = withCharset(this.mediaTypes(path) ?? 'application/octet-stream')
    const encoding: FieldLine[] = coding === 'identity' ? [] : [['Content-Encoding', coding]]
    const varied = isNegotiated ? new ResponseFields([...given.lines, VARY]) : given
    const typed = varied.withDefaults([['Content-Type', type], ...encoding])
    const own = validatorsOf(file, this.wall(), coding)
    const whole = typed.withDefaults([
      ['ETag', own.etag],
      ['Last-Modified', formatHttpDate(own.lastModifiedMs)],
      ['Accept-Ranges', 'bytes'],
    ])
    return { typed, whole, validators: this.validatorsIn(whole, own) }
  }

  private validatorsIn(fields: ResponseFields, own: Validators): Validators {
    const lastModified = parseHttpDate(fields.get('last-modified')!, this.wall())
    return { etag: fields.get('etag')!, lastModifiedMs: lastModified ?? own.lastModifiedMs }
  }
}

function isSame(a: FileFacts, b: FileFacts): boolean {
  return a.inode === b.inode && a.size === b.size && a.modifiedMs === b.modifiedMs && a.changedMs === b.changedMs
}
