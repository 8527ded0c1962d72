import type { StreamedContent } from '../../domain/message/response.js'

/** What a handler's stream may give. */
export type Piece = Uint8Array | string

/** A stream whose first piece has been asked for, and come or failed. */
export interface BegunStream {
  /** All of it, the first piece or failure included. */
  readonly pieces: AsyncIterable<Piece>
  /** Ends the stream without taking any more of it. */
  abandon(): void
}

/** Has a stream make its first piece; a failure to do so is kept for the one who takes it. */
export async function begin(pieces: StreamedContent['pieces']): Promise<BegunStream> {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  // Within an async function, so that a generator which fails at once rejects like any other.
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

/** Ends a stream that nobody began: one of Node's by `destroy`, one of the web's by `cancel`, a generator by `return`. */
export function abandon({ pieces }: StreamedContent): void {
  const source = Object(pieces) as { destroy?: () => unknown; cancel?: () => unknown; return?: () => unknown }
  if (typeof source.destroy === 'function') quietly(() => source.destroy?.())
  else if (typeof source.cancel === 'function') quietly(() => source.cancel?.())
  else quietly(() => source.return?.())
}

/** Nobody waits for what comes of it, at once or later. */
function quietly(end: () => unknown): void {
  Promise.resolve()
    .then(end)
    .catch(() => undefined)
}

/**
 * A piece as octets.
 *
 * @throws {TypeError} for one that is neither text nor octets
 */
export function octetsOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece)
  if (piece instanceof Uint8Array) return piece
  throw new TypeError(`Cannot stream a piece that is a ${typeof piece}: wanted text or octets`)
}

/** Resolves in the next turn of the event loop: what a stream of empty pieces waits for, to leave everyone else theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
