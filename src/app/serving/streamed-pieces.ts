import type { StreamedContent } from '../../domain/message/response.js'

/** A piece that a handler's stream may yield. */
export type Piece = Uint8Array | string

/** A stream whose first piece was made, or failed. */
export interface BegunStream {
  /** All pieces, the first one (or its failure) included. */
  readonly pieces: AsyncIterable<Piece>
  /** Ends the stream. No further piece is made. */
  abandon(): void
}

/** Makes the first piece of a stream. If that fails, the returned stream throws the error when it is read. */
export async function begin(pieces: StreamedContent['pieces']): Promise<BegunStream> {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  // The async function turns a generator that throws at once into one that rejects.
  const first = (async () => iterator.next())()
  await first.catch(() => undefined)
  return {
    pieces: resume(first, iterator),
    abandon: () => {
      quietly(() => iterator.return?.())
    },
  }
}

type Pieces = AsyncIterator<Piece> | Iterator<Piece>

async function* resume(first: Promise<IteratorResult<Piece>>, iterator: Pieces): AsyncGenerator<Piece> {
  try {
    for (let result = await first; result.done !== true; result = await iterator.next()) yield result.value
  } finally {
    await iterator.return?.()
  }
}

/** Ends a stream that was not begun: a Node stream by `destroy`, a web stream by `cancel`, a generator by `return`. */
export function abandon({ pieces }: StreamedContent): void {
  const source = Object(pieces) as { destroy?: () => unknown; cancel?: () => unknown; return?: () => unknown }
  if (typeof source.destroy === 'function') quietly(() => source.destroy?.())
  else if (typeof source.cancel === 'function') quietly(() => source.cancel?.())
  else quietly(() => source.return?.())
}

/** Calls a function, and ignores its errors and its rejection. */
function quietly(end: () => unknown): void {
  Promise.resolve()
    .then(end)
    .catch(() => undefined)
}

/**
 * Returns a piece as octets; text as UTF-8.
 *
 * @throws {TypeError} for a piece that is neither text nor octets
 */
export function octetsOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece)
  if (piece instanceof Uint8Array) return piece
  throw new TypeError(`A stream yielded a piece of type ${typeof piece}. Yield strings or Uint8Arrays`)
}

/** Resolves in the next turn of the event loop. A stream waits for it now and then, so that other work gets a turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
