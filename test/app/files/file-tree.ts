/** A tree of files, and requests for them, that the tests of file responses share. */
import { assert } from 'chai'
import { FileResponder } from '../../../src/app/files/file-response.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import { file, type FileInit } from '../../../src/domain/message/response-makers.js'
import type { FileContent, SendableResponse } from '../../../src/app/serving/sendable-response.js'
import type { Response } from '../../../src/domain/message/response.js'
import type { FilePart } from '../../../src/ports/serving/file-part.js'
import { FakeFiles, type FakeEntry } from '../../fakes/fake-files.js'

const NOW = Date.UTC(2024, 0, 2)
const NEW_YEAR = Date.UTC(2024, 0, 1)
export const NEW_YEAR_DATE = 'Mon, 01 Jan 2024 00:00:00 GMT'
export const DAY_AFTER_DATE = 'Tue, 02 Jan 2024 00:00:00 GMT'
export const YEAR_BEFORE_DATE = 'Sun, 01 Jan 2023 00:00:00 GMT'
export const DIGITS = '0123456789'

const TREE: Record<string, FakeEntry> = {
  'digits.txt': { content: DIGITS, modifiedMs: NEW_YEAR + 0.25 },
  'empty.txt': { content: '', modifiedMs: NEW_YEAR },
  'future.txt': { content: 'x', modifiedMs: NOW + 86_400_000 },
  'page.html': { content: '<p>whole</p>', modifiedMs: NEW_YEAR },
  'page.html.br': { content: 'BR', modifiedMs: NEW_YEAR },
  'page.html.gz': { content: 'GZIP', modifiedMs: NEW_YEAR },
  'only.css': { content: 'a {}', modifiedMs: NEW_YEAR },
  'only.css.gz': { content: 'GZ', modifiedMs: NEW_YEAR },
  'odd.js': { content: 'odd' },
  'odd.js.br': new Error('EMFILE'),
  'odd.js.gz': 'forbidden',
  'blob.unheard-of': { content: 'blob' },
  'site/index.html': { content: '<p>site</p>' },
  'bare/readme.txt': { content: 'no index here' },
  'sealed.txt': 'forbidden',
  'broken.txt': new Error('EIO'),
}

const TYPES: Record<string, string> = { txt: 'text/plain', html: 'text/html', css: 'text/css', js: 'text/javascript' }

/** The parts of a request that matter for a file. */
export interface Question {
  readonly method?: string
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
}

/** A responder for a tree of files, and the files, which count how many are open. */
export function setUp(tree: Record<string, FakeEntry> = TREE) {
  const files = new FakeFiles(tree)
  const mediaType = (path: string): string | null => TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? null
  const responder = new FileResponder(
    files,
    mediaType,
    () => 'BOUNDARY',
    () => NOW,
  )
  const ask = (
    answer: Response,
    { method = 'GET', path = '/', fields = {} }: Question = {},
  ): Promise<SendableResponse> =>
    Promise.resolve(responder.respond({ method, path, headers: FieldSection.of(Object.entries(fields)) }, answer))
  return { files, ask }
}

/** The response to a request for a file below the root, with its content read and released. */
export async function get(path: string, question: Question = {}, init: FileInit = {}) {
  const { files, ask } = setUp()
  const response = await ask(file(path, { root: '/root', ...init }), question)
  const content = contentOf(files, response)
  assert.equal(files.openCount, 0, 'open files after the content was sent')
  return { status: response.status, fields: response.fields, content }
}

/** The content of a response, with its parts released. */
export function contentOf(files: FakeFiles, { content }: SendableResponse): string {
  if (content === null) return ''
  if (typeof content === 'string') return content
  const { parts, length } = content as FileContent
  const sent = parts.map((part) => (typeof part === 'string' ? part : sentOf(files, part))).join('')
  assert.equal(sent.length, length, 'the length of the parts is the length promised')
  return sent
}

function sentOf(files: FakeFiles, part: FilePart): string {
  const octets = files.read(part.descriptor, part.offset, part.length)
  part.released(null)
  return octets
}

/** Asserts that a promise rejects with a message. */
export async function assertRejects(promise: Promise<unknown>, message: string): Promise<void> {
  const reason: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  assert.propertyVal(reason, 'message', message)
}
