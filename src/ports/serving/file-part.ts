/** A range of an open file, to be sent by a transport. */
export interface FilePart {
  readonly descriptor: number
  /** Offset of the first octet in the file. */
  readonly offset: number
  /** Number of octets. The transport sends exactly this many, or it aborts the connection. */
  readonly length: number
  /** Called once, when the transport has finished with the descriptor. The error says why not all octets were sent. */
  released(error: Error | null): void
}
