import { preferred } from './media-type.js'
import { ResponseFields, type FieldLine } from '../message/response-fields.js'
import { Response } from '../message/response.js'
import { reasonPhrase } from '../message/status.js'

const PROBLEM = 'application/problem+json'
const TEXT = 'text/plain'

/**
 * An error response: problem details (RFC 9457) or text, as the peer prefers. It says what the status says and repeats
 * nothing that the peer sent.
 *
 * @param accept the request's `Accept`, `null` without one or before it was read
 * @param advice a sentence of ours that tells the peer what to do instead: `detail`, or a second line of text
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
