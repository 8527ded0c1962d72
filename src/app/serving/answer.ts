/** Checks the answer of a handler: its author may write plain JavaScript, so it can be any value. */
import { text } from '../../domain/message/response-makers.js'
import type { Response } from '../../domain/message/response.js'
import type { Answer } from '../../ports/plugins/plugin.js'

/** Whether a handler returned a promise, its own kind of promise included. */
export function isPromise(answer: Answer | Promise<Answer>): answer is Promise<Answer> {
  return typeof answer === 'object' && typeof (answer as { then?: unknown } | null)?.then === 'function'
}

const KINDS: ReadonlySet<unknown> = new Set(['file', 'stream'])

/**
 * Makes a response of a handler's answer. It looks at the shape, not at the class, because a plugin may use another copy
 * of the makers than the server.
 *
 * @param handler the route that the error names, such as `GET /thumb`
 * @throws {TypeError} when the answer is neither a string nor a response; the message tells the author what to write
 * @throws {RangeError} when the status is not from 200 to 599
 */
export function responseOf(answer: Answer, handler: string): Response {
  if (typeof answer === 'string') return text(answer)
  const response = answer as Partial<Response> | null | undefined
  if (typeof response?.status !== 'number' || typeof response.fields?.wire !== 'string') {
    throw new TypeError(`Handler ${handler} returned ${described(answer)}. ${advice(answer)}`)
  }
  if (!Number.isInteger(response.status) || response.status < 200 || response.status > 599) {
    throw new RangeError(
      `Handler ${handler} returned a response with status ${response.status}. Use a status from 200 to 599`,
    )
  }
  if (!isContent(response.content)) {
    const found = described(response.content)
    throw new TypeError(
      `Handler ${handler} returned a response whose content is ${found}. Make responses with text(), html(), json(), bytes(), stream() or file()`,
    )
  }
  return answer
}

function isContent(content: unknown): boolean {
  if (content === null || typeof content === 'string' || content instanceof Uint8Array) return true
  return typeof content === 'object' && 'kind' in content && KINDS.has(content.kind)
}

/** Names a value by its type or class. Shows no value: it may be confidential. */
function described(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  const name = className(value)
  if (name !== 'Object') return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
  const keys = Object.keys(value)
  return keys.length === 0 ? 'an object without keys' : `an object with the keys ${keys.join(', ')}`
}

/** `Object` for an object without a named class. */
function className(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown }
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'Object'
}

/** Returns the advice for a value that is not an answer: how to make one of it. */
function advice(value: unknown): string {
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    return `Wrap it: bytes(${value instanceof Buffer ? 'buffer' : 'octets'}, 'image/png')`
  }
  if (value === undefined || value === null) return "Return a response, such as text('done') or empty()"
  if (isIterable(value)) return 'Wrap it: stream(pieces)'
  if (typeof value === 'function' || typeof value === 'symbol') return "Return a response, such as text('done')"
  return 'Wrap it: json(value)'
}

/** An array is a JSON value sooner than a stream. */
function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}
