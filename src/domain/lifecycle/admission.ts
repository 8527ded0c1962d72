import { problem } from '../representation/problem.js'
import type { Response } from '../message/response.js'

/**
 * Whether one more connection may be opened.
 *
 * @param open number of open connections
 * @param most maximum number of open connections
 */
export function admitsConnection(open: number, most: number): boolean {
  return open < most
}

/** The value of `Retry-After` in a rejection (RFC 9110 §10.2.3). */
const RETRY_AFTER_SECONDS = 1

/**
 * The 503 for a request that cannot be admitted: the server is full or draining, or no thread can run the handler.
 *
 * @param accept as for `problem`
 */
export function rejection(accept: string | null): Response<string> {
  return problem(503, accept, [['Retry-After', String(RETRY_AFTER_SECONDS)]])
}
