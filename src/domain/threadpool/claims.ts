/*
 * Theory of operation: one word of shared memory a slot. The main side writes a request's number into its slot when it
 * hands it over; whoever changes the word back to 0 has it. The thread does so before it runs the request, the main
 * side when it takes it back, and one of the two alone succeeds: no request is run twice, and none is lost between them.
 */

/** How many numbers there are before they begin anew. */
const NUMBERS = 2 ** 31

/** Who has the requests that were handed to one thread. Both sides have one of these over the same memory. */
export class Claims {
  private readonly words: Int32Array

  constructor(readonly memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
  }

  /** @param slots how many requests the thread may have at once */
  static forSlots(slots: number): Claims {
    return new Claims(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT))
  }

  get slots(): number {
    return this.words.length
  }

  /** The slot of a request, which its number tells. */
  slotOf(request: number): number {
    return request % this.slots
  }

  /**
   * A number, not 0, for a request in a slot.
   *
   * @param previous the number of the request that was in the slot before; 0 for none
   */
  numberAfter(previous: number, slot: number): number {
    const next = previous === 0 ? slot + this.slots : previous + this.slots
    return next < NUMBERS ? next : slot + this.slots
  }

  /** The request may be claimed from now on. */
  open(request: number): void {
    Atomics.store(this.words, this.slotOf(request), request)
  }

  /** Whether nobody has claimed it or taken it back yet. */
  isOpen(request: number): boolean {
    return Atomics.load(this.words, this.slotOf(request)) === request
  }

  /** Claims a request, or takes it back; true to the first who asks. */
  take(request: number): boolean {
    return Atomics.compareExchange(this.words, this.slotOf(request), request, 0) === request
  }
}
