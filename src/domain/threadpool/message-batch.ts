/** Collects the messages for another thread, so that all messages of one turn of the event loop are posted together. */
export class MessageBatch<Message> {
  private messages: Message[] = []
  private transfer: ArrayBuffer[] = []
  private isScheduled = false

  /**
   * @param post sends a batch; the buffers of `transfer` are moved, not copied
   * @param defer calls back at the end of the current turn
   */
  constructor(
    private readonly post: (batch: readonly Message[], transfer: readonly ArrayBuffer[]) => void,
    private readonly defer: (flush: () => void) => void,
  ) {}

  /**
   * Adds a message, which is posted at the end of the turn.
   *
   * @param transfer memory of the message, to be moved to the other thread; nothing here may use it any more
   */
  send(message: Message, transfer: ArrayBuffer | null = null): void {
    this.messages.push(message)
    if (transfer !== null) this.transfer.push(transfer)
    if (this.isScheduled) return
    this.isScheduled = true
    this.defer(this.turnEnds)
  }

  /** Posts the messages collected so far, without waiting for the end of the turn. */
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
