/** Collects what goes to another thread, so that all of one turn of the event loop crosses in one message. */
export class Outbox<Message> {
  private messages: Message[] = []
  private transfer: ArrayBuffer[] = []
  private isScheduled = false

  /**
   * @param post hands a batch over; the buffers of `transfer` are moved, not copied
   * @param later calls back at the end of this turn
   */
  constructor(
    private readonly post: (batch: readonly Message[], transfer: readonly ArrayBuffer[]) => void,
    private readonly later: (flush: () => void) => void,
  ) {}

  /** @param moved memory of the message that nobody here needs any more */
  send(message: Message, moved: ArrayBuffer | null = null): void {
    this.messages.push(message)
    if (moved !== null) this.transfer.push(moved)
    if (this.isScheduled) return
    this.isScheduled = true
    this.later(this.turnEnds)
  }

  /** Hands over what there is, now. */
  flush(): void {
    if (this.messages.length === 0) return
    const { messages, transfer } = this
    this.messages = []
    this.transfer = []
    this.post(messages, transfer)
  }

  private readonly turnEnds = (): void => {
    this.isScheduled = false
    this.flush()
  }
}
