/**
 * Memory that holds exactly these octets and belongs to nobody else: a `Buffer` may lie in a pool with others, all of
 * which would be copied with it to another thread, and a handler must not find its own detached.
 */
export function transferableOctets(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(octets)
}

/** Memory of this size is moved to another thread; less is copied along with its message, at less cost. */
const WORTH_MOVING = 16 * 1024

/** The memory of octets that lie in it alone, where it is better moved than copied; else null. */
export function movable(octets: Uint8Array<ArrayBuffer>): ArrayBuffer | null {
  return octets.length < WORTH_MOVING ? null : octets.buffer
}
