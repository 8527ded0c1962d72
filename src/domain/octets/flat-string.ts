import { latin1 } from './latin1.js'

/** The same text in one piece: V8 has it as a tree of its parts otherwise, for good. */
export function flat(text: string): string {
  const octets = Buffer.from(text, 'latin1')
  return latin1(octets, 0, octets.length)
}
