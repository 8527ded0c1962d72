/*
 * Theory of operation: shared memory holds one word for each slot of a thread. The main thread writes the number of a
 * request into the slot's word when it assigns the request; whichever side changes the word back to 0 owns the request.
 * The thread does so before it runs the handler, the main thread when it takes the request back. Only one of the two can
 * succeed, so no request runs twice and none is lost between the two.
 */

/** Request numbers stay below this and then start again, so that each fits into a signed word. */
const NUMBER_LIMIT = 2 ** 31

/** Decides which side owns each request assigned to a thread. Both sides have an instance over the same memory. */
export class Claims {
  private readonly words: Int32Array

  constructor(readonly memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
  }

  /** @param slots how many requests the thread may have at once */
  static forSlots(slots: number): Claims {
    return new Claims(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT))
  }

  /** How many requests the thread may have at once. */
  get slots(): number {
    return this.words.length
  }

  /** The slot of a request, which follows from its number. */
  slotOf(request: number): number {
    return request % this.slots
  }

  /**
   * The next request number of a slot; never 0.
   *
   * @param previous the number of the latest request in the slot; 0 if there was none
   */
  numberAfter(previous: number, slot: number): number {
    const next = previous === 0 ? slot + this.slots : previous + this.slots
    return next < NUMBER_LIMIT ? next : slot + this.slots
  }

  /** Makes a request available: from now on either side can claim it. */
  open(request: number): void {
    Atomics.store(this.words, this.slotOf(request), request)
  }

  /** Whether neither side has claimed the request yet. */
  isOpen(request: number): boolean {
    return Atomics.load(this.words, this.slotOf(request)) === request
  }

  /**
   * Claims a request: the thread to run it, the main thread to take it back.
   *
   * @returns true for the first caller only
   */
  claim(request: number): boolean {
    return Atomics.compareExchange(this.words, this.slotOf(request), request, 0) === request
  }
}
