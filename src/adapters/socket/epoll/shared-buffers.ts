import { LentBuffer } from '../shared/lent-buffer.js'
import { ADDRESS_OCTETS } from './socket-address.js'

/** Size of the output buffer: octets gathered for one call of `send`. */
export const OUTPUT_OCTETS = 65_536

/** `latin1Write` is `write` without its checks of the arguments; Node's types do not declare it. */
export type TextBuffer = Buffer<ArrayBuffer> & { latin1Write(text: string, at: number): number }

/** The memory that all connections read into and write from: no system call uses it after it returns. */
export class SharedBuffers {
  readonly input: LentBuffer
  readonly output = Buffer.allocUnsafeSlow(OUTPUT_OCTETS) as TextBuffer
  /** For an option's value, a length, or a count. */
  readonly number = new Int32Array(2)
  readonly offset = new BigInt64Array(1)
  readonly address = Buffer.alloc(ADDRESS_OCTETS)

  /** @param readChunkSize octets per read */
  constructor(readChunkSize: number) {
    this.input = new LentBuffer(readChunkSize)
  }
}
