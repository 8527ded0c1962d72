/**
 * Copies octets into memory of their own, which can be transferred to another thread.
 *
 * The octets of a `Buffer` may share memory with others, which would be sent along; and transferring the memory itself
 * would detach octets that a handler still uses.
 */
export function transferableOctets(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(octets)
}

/** From this size on, transferring memory to another thread costs less than copying it. */
const MIN_TRANSFER_OCTETS = 16 * 1024

/** The memory to transfer along with a message that contains these octets; null if copying them costs less. */
export function memoryToTransfer(octets: Uint8Array<ArrayBuffer>): ArrayBuffer | null {
  return octets.length < MIN_TRANSFER_OCTETS ? null : octets.buffer
}
