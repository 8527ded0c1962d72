import type { StreamedContent } from '../domain/message/response.js'

/** A stream whose first piece has been asked for, and come or failed. */
export interface BegunStream {
  /** All of it, the first piece or failure included. */
  readonly pieces: AsyncIterable<Uint8Array | string>
  /** Ends the stream without taking any more of it. */
  abandon(): void
}

/** Has a stream make its first piece; a failure to do so is kept for the one who takes it. */
export async function begin(pieces: StreamedContent['pieces']): Promise<BegunStream> {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  const first = Promise.resolve(iterator.next())
  await first.catch(() => undefined)
  return {
    pieces: resume(first, iterator),
    abandon: () => void Promise.resolve(iterator.return?.()).catch(() => undefined),
  }
}

type Pieces = AsyncIterator<Uint8Array | string> | Iterator<Uint8Array | string>

async function* resume(
  first: Promise<IteratorResult<Uint8Array | string>>,
  iterator: Pieces,
): AsyncGenerator<Uint8Array | string> {
  try {
    for (let result = await first; result.done !== true; result = await iterator.next()) yield result.value
  } finally {
    await iterator.return?.()
  }
}
