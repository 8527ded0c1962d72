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
import { thenMaybe } from '../serving/then-maybe.js'

/** The parts of a request that decide how a file is sent. */
export interface FileRequest {
  readonly method: string
  /** The normalized path. */
  readonly path: string
  readonly headers: FieldSection
}

/** An open file and the coding of its octets. */
interface Representation {
  readonly file: OpenFile
  readonly coding: ContentCoding
}

/** The suffixes of precompressed files. If the peer accepts several equally, the first one is sent. */
const SUFFIXES: Readonly<Record<ContentCoding, string>> = { br: '.br', gzip: '.gz', identity: '' }
const CODINGS = Object.keys(SUFFIXES) as ContentCoding[]

/** The fields that describe content, which a 304 leaves out (RFC 9110 §15.4.5). */
const CONTENT_FIELDS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-encoding',
  'content-language',
  'content-type',
])

/**
 * Turns a response that refers to a file into one that can be sent: opens the file in the best coding, then evaluates the
 * preconditions, then the ranges (RFC 9110 §13.2.1, §14.2).
 *
 * The fields that the handler set take precedence over the file's. Preconditions and ranges apply only to the
 * representation that a GET of the target selects, so not to a file with another status or for another method.
 */
export class FileResponder {
  private readonly descriptions: FileDescriptions

  /**
   * @param boundary returns a new random multipart boundary, 1 to 70 letters and digits
   * @param wall returns the time of the wall clock, in milliseconds since 1970
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
   * Opens the file that an answer refers to.
   *
   * @param answer returned unchanged if it refers to no file
   * @returns a response that keeps the file open until it is sent or discarded
   * @throws the platform's error, by the promise, for an I/O error or when no descriptor is left
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
   * Chooses the existing representation that the peer prefers, and closes the other.
   *
   * @returns `null` when the peer accepts none of them
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

  /** Opens as few files as possible: it tries the coding that the peer prefers, then the next one. */
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

  /** @param isNegotiated whether the coding depends on the request's `Accept-Encoding` */
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

/** Whether a precompressed file may be sent instead. A handler that sets the coding or the tag means this very file. */
function isNegotiable(answer: Response, reference: FileReference): boolean {
  const { fields } = answer
  return reference.precompressed && fields.get('content-encoding') === null && fields.get('etag') === null
}

/** Whether the file is what a GET of the target selects (RFC 9110 §3.2), so that validators and ranges make sense. */
function isSelected(request: FileRequest, answer: Response): boolean {
  return answer.status === 200 && (request.method === 'GET' || request.method === 'HEAD')
}

/** Returns the path of the file to open: a folder with its trailing slash is represented by its index. */
function withIndex(path: string): string {
  return path === '' || path.endsWith('/') ? `${path}index.html` : path
}

/**
 * Returns where to redirect a request for a folder without its trailing slash: a reference relative to the request's URI.
 * It is one segment with every delimiter escaped, so it can name neither another host nor a scheme (RFC 3986 §4.2).
 *
 * @param path normalized, so that every `%` begins an escape
 * @returns `null` when the request has the slash: then the folder of this name is not at the request's path
 */
function withSlash(path: string): string | null {
  const segment = path.slice(path.lastIndexOf('/') + 1)
  return segment === '' ? null : `${encodeURIComponent(segment).replaceAll('%25', '%')}/`
}

function withoutFields(fields: ResponseFields, names: ReadonlySet<string>): ResponseFields {
  return new ResponseFields(fields.lines.filter(([name]) => !names.has(name.toLowerCase())))
}
