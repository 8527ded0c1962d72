import { latin1 } from './latin1.js'

/**
 * Flattens a string that V8 stores as a rope, which is a tree of the strings it was concatenated from.
 *
 * @param text latin1: no character above 0xFF
 */
export function flat(text: string): string {
  const octets = Buffer.from(text, 'latin1')
  return latin1(octets, 0, octets.length)
}
