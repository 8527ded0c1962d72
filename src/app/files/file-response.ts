import type { FieldSection } from '../../domain/message/field-section.js'
import { problem } from '../../domain/representation/problem.js'
import { ResponseFields } from '../../domain/message/response-fields.js'
import { redirect } from '../../domain/message/response-makers.js'
import { isOfKind, Response, type FileReference, type ResponseContent } from '../../domain/message/response.js'
import { evaluatePreconditions } from '../../domain/representation/conditional.js'
import { preferredCoding, type ContentCoding } from '../../domain/representation/content-coding.js'
import { multipartByteranges } from '../../domain/representation/multipart-byteranges.js'
import { contentRange, selectRanges, unsatisfiedRange, type ByteRange } from '../../domain/representation/range.js'
import type { Validators } from '../../domain/representation/validators.js'
import type { Files, MediaTypes, NoFile, OpenFile } from '../../ports/serving/files.js'
import type { MaybePromise } from '../../ports/plugins/maybe-promise.js'
import { allOf, fileContent } from './file-content.js'
import { FileDescriptions, VARY } from './file-descriptions.js'
import type { SendableResponse } from '../serving/sendable-response.js'
import { thenMaybe } from '../serving/when-there.js'

/** What of a request decides how a file is sent. */
export interface FileRequest {
  readonly method: string
  /** In its normal form. */
  readonly path: string
  readonly headers: FieldSection
}

/** An open file and the coding that its octets are in. */
interface Representation {
  readonly file: OpenFile
  readonly coding: ContentCoding
}

/** Where the codings of a file lie ready, beside it. The earlier is the better where the peer likes both. */
const SUFFIXES: Readonly<Record<ContentCoding, string>> = { br: '.br', gzip: '.gz', identity: '' }
const CODINGS = Object.keys(SUFFIXES) as ContentCoding[]

/** Metadata of content, which a response without that content leaves out (RFC 9110 §15.4.5). */
const CONTENT_FIELDS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-encoding',
  'content-language',
  'content-type',
])

/**
 * Turns an answer that refers to a file into one that can be sent: finds the file and the coding to send it in, then
 * asks the preconditions, then the ranges (RFC 9110 §13.2.1, §14.2).
 *
 * What the handler set wins: its fields over the file's, and its status: preconditions and ranges are about the
 * representation that a GET of the target selects, which a file under another status or method is not.
 */
export class FileResponder {
  private readonly descriptions: FileDescriptions

  /**
   * @param boundary a fresh random multipart boundary, 1 to 70 letters and digits
   * @param wall milliseconds since 1970, as the wall clock has it
   */
  constructor(
    private readonly files: Files,
    mediaTypes: MediaTypes,
    private readonly boundary: () => string,
    private readonly wall: () => number,
  ) {
    this.descriptions = new FileDescriptions(mediaTypes, wall)
  }

  /**
   * @param answer one that refers to no file is returned as it is
   * @returns content that holds the file open until it is sent or discarded
   * @throws the platform's error, by the promise, when files cannot be opened at all
   */
  respond(request: FileRequest, answer: Response): MaybePromise<SendableResponse> {
    const reference = answer.content
    // The compiler narrows the content, but not the response that has it.
    if (!isOfKind(reference, 'file')) return answer as Response<Exclude<ResponseContent, FileReference>>
    const path = withIndex(reference.path)
    return thenMaybe(this.files.open(reference.root, path), (file) =>
      typeof file === 'string'
        ? this.respondWithout(file, request, reference)
        : this.respondWith(file, request, answer, reference, path),
    )
  }

  private async respondWithout(
    found: NoFile,
    request: FileRequest,
    reference: FileReference,
  ): Promise<SendableResponse> {
    const isFolder = found === 'directory' && (await this.exists(reference.root, `${reference.path}/index.html`))
    const location = isFolder ? withSlash(request.path) : null
    if (location !== null) return redirect(location, 308)
    return problem(found === 'forbidden' ? 403 : 404, request.headers.get('accept'))
  }

  private async exists(root: string | null, path: string): Promise<boolean> {
    const file = await this.files.open(root, path)
    if (typeof file === 'string') return false
    file.close()
    return true
  }

  private respondWith(
    file: OpenFile,
    request: FileRequest,
    answer: Response,
    reference: FileReference,
    path: string,
  ): MaybePromise<SendableResponse> {
    if (!isNegotiable(answer, reference))
      return this.represent(request, answer, path, { file, coding: 'identity' }, false)
    const acceptEncoding = request.headers.get('accept-encoding')
    return thenMaybe(this.negotiate(acceptEncoding, reference.root, path, file), (chosen) => {
      if (chosen === null) return problem(406, request.headers.get('accept'), [VARY])
      return this.represent(request, answer, path, chosen, true)
    })
  }

  /**
   * The representation in the coding that the peer likes best of those there are; what is not sent is closed.
   *
   * @returns `null` when the peer refuses all there is
   */
  private negotiate(
    acceptEncoding: string | null,
    root: string | null,
    path: string,
    identity: OpenFile,
  ): MaybePromise<Representation | null> {
    const settle = (chosen: Representation | null): Representation | null => {
      if (chosen?.file !== identity) identity.close()
      return chosen
    }
    const chosen = this.choose(acceptEncoding, CODINGS, root, path, identity)
    if (!(chosen instanceof Promise)) return settle(chosen)
    return chosen.then(settle, (error: unknown) => {
      identity.close()
      throw error
    })
  }

  /** Opens no more than it must: only a coding that the peer likes best is looked for, then the next best. */
  private choose(
    acceptEncoding: string | null,
    available: readonly ContentCoding[],
    root: string | null,
    path: string,
    identity: OpenFile,
  ): MaybePromise<Representation | null> {
    const coding = preferredCoding(acceptEncoding, available)
    if (coding === null) return null
    if (coding === 'identity') return { file: identity, coding }
    return thenMaybe(this.files.open(root, path + SUFFIXES[coding]), (file) => {
      if (typeof file !== 'string') return { file, coding }
      const others = available.filter((each) => each !== coding)
      return this.choose(acceptEncoding, others, root, path, identity)
    })
  }

  /** @param isNegotiated whether there may be other codings of it */
  private represent(
    request: FileRequest,
    answer: Response,
    path: string,
    { file, coding }: Representation,
    isNegotiated: boolean,
  ): SendableResponse {
    const { typed, whole, validators } = this.descriptions.describe(path, file, coding, answer.fields, isNegotiated)
    if (isSelected(request, answer)) return this.select(request, whole, file, validators)
    return new Response(answer.status, typed, fileContent(file, allOf(file)))
  }

  private select(request: FileRequest, fields: ResponseFields, file: OpenFile, current: Validators): SendableResponse {
    const { method, headers } = request
    const precondition = evaluatePreconditions(method, headers, current, this.wall())
    if (precondition === 'proceed') return this.selectContent(request, fields, file, current)
    file.close()
    if (precondition === 'failed') return problem(412, headers.get('accept'))
    return new Response(304, withoutFields(fields, CONTENT_FIELDS), null)
  }

  private selectContent(
    request: FileRequest,
    fields: ResponseFields,
    file: OpenFile,
    current: Validators,
  ): SendableResponse {
    const { method, headers } = request
    if (fields.get('accept-ranges') === 'none') return new Response(200, fields, fileContent(file, allOf(file)))
    const selection = selectRanges(method, headers, file.size, current, this.wall())
    switch (selection.kind) {
      case 'whole':
        return new Response(200, fields, fileContent(file, allOf(file)))
      case 'single':
        return single(fields, file, selection.range)
      case 'several':
        return this.several(fields, file, selection.ranges)
      case 'unsatisfiable':
        file.close()
        return problem(416, headers.get('accept'), [['Content-Range', unsatisfiedRange(file.size)]])
    }
  }

  private several(fields: ResponseFields, file: OpenFile, ranges: readonly ByteRange[]): SendableResponse {
    const multipart = multipartByteranges(ranges, file.size, fields.get('content-type')!, this.boundary())
    const pieces = ranges.flatMap((range, at) => [multipart.heads[at]!, range])
    const others = withoutFields(fields, new Set(['content-type']))
    const partial = others.withDefaults([['Content-Type', multipart.contentType]])
    return new Response(206, partial, fileContent(file, [...pieces, multipart.end]))
  }
}

function single(fields: ResponseFields, file: OpenFile, range: ByteRange): SendableResponse {
  const partial = fields.withDefaults([['Content-Range', contentRange(range, file.size)]])
  return new Response(206, partial, fileContent(file, [range]))
}

/** A handler that tells the coding or the tag itself means this very file. */
function isNegotiable(answer: Response, reference: FileReference): boolean {
  const { fields } = answer
  return reference.precompressed && fields.get('content-encoding') === null && fields.get('etag') === null
}

/** Whether the file is what a GET of the target selects (RFC 9110 §3.2), so that validators and ranges make sense. */
function isSelected(request: FileRequest, answer: Response): boolean {
  return answer.status === 200 && (request.method === 'GET' || request.method === 'HEAD')
}

/** A folder, written with its slash, is represented by its index. */
function withIndex(path: string): string {
  return path === '' || path.endsWith('/') ? `${path}index.html` : path
}

/**
 * Where a folder that was asked for without its slash is: a reference relative to the request's own URI. One segment,
 * with every delimiter escaped, is all there is of it: it can name neither another host nor a scheme (RFC 3986 §4.2).
 *
 * @param path in normal form, where every `%` begins an escape
 * @returns `null` when the slash is there, and the folder therefore elsewhere
 */
function withSlash(path: string): string | null {
  const segment = path.slice(path.lastIndexOf('/') + 1)
  return segment === '' ? null : `${encodeURIComponent(segment).replaceAll('%25', '%')}/`
}

function withoutFields(fields: ResponseFields, names: ReadonlySet<string>): ResponseFields {
  return new ResponseFields(fields.lines.filter(([name]) => !names.has(name.toLowerCase())))
}
