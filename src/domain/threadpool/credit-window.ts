/** How many octets may be under way to a receiver that has not consumed them; fewer, where they come in small pieces. */
export const WINDOW = 64 * 1024

/** How many consumed octets are given back at once: a message for each small piece would cost more than the piece. */
const PORTION = WINDOW / 4

/** A piece is charged no less than this, about what it takes on both sides beside its octets. */
const LEAST_CREDIT = 1024

/** What a piece of content takes of the window, in octets. */
export function creditFor(octets: number): number {
  return Math.max(octets, LEAST_CREDIT)
}

/** The sender's side of flow control across a boundary: how much it may send before the receiver has consumed it. */
export class SendWindow {
  private outstanding = 0

  /**
   * Whether a piece may be sent now; if not, to be asked again after `returned`.
   *
   * A piece that is too large to fit goes alone: when less than a portion is outstanding, which the receiver may have
   * consumed without giving it back yet.
   */
  admits(credit: number): boolean {
    return this.outstanding + credit <= WINDOW || this.outstanding < PORTION
  }

  sent(credit: number): void {
    this.outstanding += credit
  }

  /** The receiver gives so much back. */
  returned(credit: number): void {
    this.outstanding -= credit
  }
}

/** The receiver's side: how much it gives back, and when. */
export class ReceiveWindow {
  private owed = 0

  /** So much was consumed; answers how much is to be given back now, 0 for nothing yet. */
  consumed(credit: number): number {
    this.owed += credit
    if (this.owed < PORTION) return 0
    const returned = this.owed
    this.owed = 0
    return returned
  }
}
