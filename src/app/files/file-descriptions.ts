import { formatHttpDate, parseHttpDate } from '../../domain/message/http-date.js'
import { ResponseFields, type FieldLine } from '../../domain/message/response-fields.js'
import type { ContentCoding } from '../../domain/representation/content-coding.js'
import { withCharset } from '../../domain/representation/media-type.js'
import { validatorsOf, type Validators } from '../../domain/representation/validators.js'
import type { FileFacts, MediaTypes } from '../../ports/serving/files.js'

/** What is said of a file. */
export interface Description {
  /** Without what only the representation that a GET selects has: tag, date, ranges. */
  readonly typed: ResponseFields
  readonly whole: ResponseFields
  /** As they are sent: a handler may have set its own. */
  readonly validators: Validators
}

/** A description, and what it was made of. */
interface KnownDescription extends Description {
  readonly file: FileFacts
  readonly given: string
  readonly isNegotiated: boolean
}

/** Descriptions that are kept; beyond so many all are forgotten. */
const KEPT = 1024

export const VARY: FieldLine = ['Vary', 'Accept-Encoding']

/**
 * Describes files by fields. To work a description out takes 8 µs, so the last one of each path is kept and holds for as
 * long as the file is the same.
 */
export class FileDescriptions {
  private readonly known = new Map<string, KnownDescription>()

  /** @param wall milliseconds since 1970, as the wall clock has it */
  constructor(
    private readonly mediaTypes: MediaTypes,
    private readonly wall: () => number,
  ) {}

  /**
   * @param path whose name tells the media type
   * @param given fields that the handler set, which win
   * @param isNegotiated whether the coding is one of several that there may be
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
    // The date of one from the future is that of the response.
    if (file.modifiedMs <= this.wall()) this.keep(key, { ...description, file, given: given.wire, isNegotiated })
    return description
  }

  private keep(key: string, known: KnownDescription): void {
    if (this.known.size >= KEPT) this.known.clear()
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
