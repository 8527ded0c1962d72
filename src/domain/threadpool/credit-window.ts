/** How much credit, in octets, may be outstanding: sent to the other side and not yet consumed there. */
export const WINDOW = 64 * 1024

/** The receiver returns credit once it has this much: returning it for every small piece would cost more than the piece. */
const RETURN_THRESHOLD = WINDOW / 4

/** The minimum charge for a piece, in octets: about what a piece costs in memory on both sides besides its octets. */
const MIN_CREDIT = 1024

/** The credit that a piece of content uses up, in octets. */
export function creditFor(octets: number): number {
  return Math.max(octets, MIN_CREDIT)
}

/** The sender's side of flow control between threads: how much it may send before the receiver has consumed it. */
export class SendWindow {
  private outstanding = 0

  /**
   * Whether a piece may be sent now; if not, ask again after `returned`.
   *
   * A piece larger than the window is admitted when less than RETURN_THRESHOLD is outstanding: the receiver may already
   * have consumed that much without returning it.
   */
  admits(credit: number): boolean {
    return this.outstanding + credit <= WINDOW || this.outstanding < RETURN_THRESHOLD
  }

  /** A piece with this credit was sent. */
  sent(credit: number): void {
    this.outstanding += credit
  }

  /** The receiver returned credit. */
  returned(credit: number): void {
    this.outstanding -= credit
  }
}

/** The receiver's side of flow control: when it returns credit, and how much. */
export class ReceiveWindow {
  private owed = 0

  /**
   * Content was consumed.
   *
   * @returns the credit to return now; 0 while it is below RETURN_THRESHOLD
   */
  consumed(credit: number): number {
    this.owed += credit
    if (this.owed < RETURN_THRESHOLD) return 0
    const returned = this.owed
    this.owed = 0
    return returned
  }
}
