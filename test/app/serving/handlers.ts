/** Handlers and streams that the tests of a connection share. */
import { bytes, stream } from '../../../src/domain/message/response-makers.js'
import type { Handler } from '../../../src/ports/plugins/plugin.js'
import { settled } from './served.js'

/** Reads the whole content, then sends it back. */
export const echo: Handler = async (request) => bytes(await request.bytes())

/** Sends the content back while it arrives. */
export const echoStream: Handler = (request) => stream(request.content)

/** A stream that the test feeds. */
export class Fed {
  made = 0
  ended = false
  private wake = (): void => {}
  private readonly pieces: string[] = []

  feed(piece: string): Promise<void> {
    this.pieces.push(piece)
    this.wake()
    return settled()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (;;) {
        for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) {
          this.made++
          yield piece
        }
        await new Promise<void>((resolve) => (this.wake = resolve))
      }
    } finally {
      this.ended = true
    }
  }
}

/** A stream of pieces without end, which counts how many were made. */
export class Endless {
  made = 0
  ended = false;

  *[Symbol.iterator](): Generator<string> {
    try {
      for (;;) {
        this.made++
        yield 'x'.repeat(1000)
      }
    } finally {
      this.ended = true
    }
  }
}
