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
export const RETRY_AFTER_SECONDS = 1
