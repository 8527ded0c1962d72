import { preferred } from './media-type.js'
import { ResponseFields, type FieldLine } from '../message/response-fields.js'
import { Response } from '../message/response.js'
import { reasonPhrase } from '../message/status.js'

const PROBLEM = 'application/problem+json'
const TEXT = 'text/plain'

/**
 * Makes an error response: problem details (RFC 9457) or plain text, whichever the peer prefers. It repeats nothing
 * that the peer sent.
 *
 * @param accept the value of the request's `Accept`; `null` without the field, or when the head was not read
 * @param advice a sentence that tells the peer what to do instead: the member `detail`, or a second line of text
 */
export function problem(
  status: number,
  accept: string | null,
  fields: readonly FieldLine[] = [],
  advice: string | null = null,
): Response<string> {
  const title = reasonPhrase(status)
  if (accept !== null && preferred(accept, [PROBLEM, TEXT]) === TEXT) {
    const lines: FieldLine[] = [['Content-Type', 'text/plain; charset=utf-8'], ['Vary', 'Accept'], ...fields]
    const content = `${status} ${title}\n` + (advice === null ? '' : `${advice}\n`)
    return new Response(status, new ResponseFields(lines), content)
  }
  const lines: FieldLine[] = [['Content-Type', PROBLEM], ['Vary', 'Accept'], ...fields]
  const content = JSON.stringify({ type: 'about:blank', title, status, detail: advice ?? undefined }) + '\n'
  return new Response(status, new ResponseFields(lines), content)
}
