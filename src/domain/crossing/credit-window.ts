/** How many octets may be under way to a receiver that has not consumed them. */
export const WINDOW = 64 * 1024

/** How many consumed octets are given back at once: a message for each small piece would cost more than the piece. */
const PORTION = WINDOW / 4

/** The sender's side of flow control across a boundary: how much it may send before the receiver has consumed it. */
export class SendWindow {
  private outstanding = 0

  /**
   * Whether a piece may be sent now; if not, to be asked again after `returned`.
   *
   * A piece that is too large to fit goes alone: when less than a portion is outstanding, which the receiver may have
   * consumed without giving it back yet.
   */
  admits(octets: number): boolean {
    return this.outstanding + octets <= WINDOW || this.outstanding < PORTION
  }

  sent(octets: number): void {
    this.outstanding += octets
  }

  /** The receiver gives so many back. */
  returned(octets: number): void {
    this.outstanding -= octets
  }
}

/** The receiver's side: how much it gives back, and when. */
export class ReceiveWindow {
  private owed = 0

  /** So many octets were consumed; answers how many are to be given back now, 0 for none yet. */
  consumed(octets: number): number {
    this.owed += octets
    if (this.owed < PORTION) return 0
    const returned = this.owed
    this.owed = 0
    return returned
  }
}
