import { problem } from '../representation/problem.js'
import type { Response } from '../message/response.js'

/**
 * Whether there is room for one more connection.
 *
 * @param open connections that are open now
 * @param most how many may be
 */
export function admitsConnection(open: number, most: number): boolean {
  return open < most
}

/** How long a peer that was turned away is asked to wait, in seconds (RFC 9110 §10.2.3). */
const RETRY_AFTER_SECONDS = 1

/**
 * What a request is answered for which there is no room, or nobody to handle it.
 *
 * @param accept as `problem` takes it
 */
export function turnedAway(accept: string | null): Response<string> {
  return problem(503, accept, [['Retry-After', String(RETRY_AFTER_SECONDS)]])
}
