/** What a handler's answer turns out to be: its author may write plain JavaScript, so that nothing is known of it. */
import { text } from '../../domain/message/response-makers.js'
import type { DescribedContent, Response } from '../../domain/message/response.js'
import type { Answer } from '../../ports/plugins/plugin.js'

export function isPromise(answer: Answer | Promise<Answer>): answer is Promise<Answer> {
  return typeof answer === 'object' && typeof (answer as { then?: unknown } | null)?.then === 'function'
}

const KINDS: ReadonlySet<unknown> = new Set<DescribedContent['kind']>(['file', 'parts', 'stream'])

/**
 * An answer as a response. By shape, not by class: a plugin may have another copy of the makers than the server.
 *
 * @throws {TypeError} for what is no answer
 * @throws {RangeError} for a status that no final response has
 */
export function responseOf(answer: Answer): Response {
  if (typeof answer === 'string') return text(answer)
  const response = answer as Partial<Response> | null | undefined
  if (typeof response?.status !== 'number' || typeof response.fields?.wire !== 'string') {
    throw new TypeError(`Cannot answer with ${describe(answer)}: wanted a string or a response`)
  }
  if (!Number.isInteger(response.status) || response.status < 200 || response.status > 599) {
    throw new RangeError(`Cannot answer with status ${response.status}: wanted 200 to 599`)
  }
  if (!isContent(response.content)) {
    throw new TypeError(`Cannot answer with content that is ${describe(response.content)}: wanted text or octets`)
  }
  return answer
}

function isContent(content: unknown): boolean {
  if (content === null || typeof content === 'string' || content instanceof Uint8Array) return true
  return typeof content === 'object' && 'kind' in content && KINDS.has(content.kind)
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object'
    ? `an object with ${Object.keys(value).join(', ') || 'no keys'}`
    : `a ${typeof value}`
}
