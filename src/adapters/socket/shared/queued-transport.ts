import { latin1 } from '../../../domain/octets/latin1.js'
import type { FilePart } from '../../../ports/serving/file-part.js'
import type { Endpoint, Security, Transport, TransportReceiver } from '../../../ports/serving/transport.js'

/**
 * Buffers of at most this length are appended to the text before them, which costs less than a vector of buffers: 16
 * pipelined responses with their content in a Buffer take 1.2 instead of 1.9 µs each.
 */
const MAX_AS_TEXT = 1024

/** The writing side: `ending` until everything written before `endWriting` is sent; `closed` after an abort or the socket's end. */
type Writing = 'open' | 'ending' | 'ended' | 'closed'

/** A file part in the queue of a transport. */
export interface QueuedFile {
  /**
   * Releases the part, once.
   *
   * @param error why not all octets were sent; `null` when they were
   */
  release(error: Error | null): void
}

/** An item of the queue: latin1 text, octets, or a file part. */
export type Queued<File> = string | Uint8Array | File

/**
 * The error of a file that became shorter than the part that was to be sent.
 *
 * @param missing octets that could not be read
 */
export function fileFellShort(missing: number): Error {
  return new Error(`Cannot send the file: it ended ${missing} octets short of what was promised`)
}

/**
 * The part of a transport that does not depend on how octets reach the kernel: the queue, its order, and the calls of the
 * receiver.
 *
 * Everything written inside a call of the receiver, or in one turn of the event loop, is queued first and flushed together.
 * A subclass implements `flush`.
 *
 * @typeParam File a file part in the queue, with the progress of sending it
 */
export abstract class QueuedTransport<File extends QueuedFile> implements Transport {
  /** Everything queued before `text`; null for nothing. Public for the subclass's writer, as are the next two. */
  queue: Queued<File>[] | null = null
  /** The end of the queue: strings are gathered by concatenation, which costs less than a list of them. */
  text = ''
  /** Octets in `queue` and `text`, including those that are still to be read from files. */
  waiting = 0
  protected receiver: TransportReceiver | null = null
  protected writing: Writing = 'open'
  /**
   * Inside a call of the receiver, or before the end of a turn of the event loop in which something was written: `flush`
   * comes later.
   */
  protected corked = false
  /** A `write` or `sendFile` returned false, so `drained` must follow. */
  private drainedIsDue = false

  /** @param highWaterMark unsent octets above which `write` returns false */
  constructor(private readonly highWaterMark: number) {}

  abstract readonly peer: Endpoint
  abstract readonly security: Security | null
  abstract readonly unsent: number
  abstract readonly isLost: boolean
  abstract start(receiver: TransportReceiver): void
  abstract pause(): void
  abstract resume(): void
  abstract close(): void
  abstract abort(): void

  /** Octets that left the queue and that the kernel has not accepted yet. */
  protected abstract readonly inFlight: number
  protected abstract queuedFile(part: FilePart): File
  /** Sends the queue as far as the kernel has room, and calls `flushed` once nothing is left. */
  protected abstract flush(): void
  protected abstract halfClose(): void

  write(octets: Uint8Array | string): boolean {
    if (this.writing !== 'open') return false
    if (typeof octets === 'string') this.text += octets
    else if (octets.length <= MAX_AS_TEXT) this.text += latin1(octets, 0, octets.length)
    else this.enqueue(octets)
    this.waiting += octets.length
    this.flushLater()
    return this.isBelowHighWaterMark()
  }

  sendFile(part: FilePart): boolean {
    if (this.writing !== 'open') {
      process.nextTick(() => part.released(new Error('Cannot send the file: writing has ended on this connection')))
      return false
    }
    if (part.length === 0) {
      process.nextTick(() => part.released(null))
      return this.isBelowHighWaterMark()
    }
    this.enqueue(this.queuedFile(part))
    this.waiting += part.length
    this.flushLater()
    return this.isBelowHighWaterMark()
  }

  endWriting(): void {
    if (this.writing !== 'open') return
    this.writing = 'ending'
    this.flushLater()
  }

  /** Moves `text` to the end of `queue`, so that the next item follows it. */
  queueText(): void {
    if (this.text === '') return
    this.queue ??= []
    this.queue.push(this.text)
    this.text = ''
  }

  protected notifyOctets(lent: Buffer): void {
    this.corked = true
    try {
      this.receiver!.octets(lent)
    } finally {
      this.uncork()
    }
  }

  protected notify(event: 'ended' | 'drained'): void {
    this.corked = true
    try {
      this.receiver![event]()
    } finally {
      this.uncork()
    }
  }

  /** The kernel has accepted everything that was written. */
  protected flushed(): void {
    // In a later turn of the event loop, so that a peer that reads as fast as we write cannot keep us from serving others.
    if (this.drainedIsDue) setImmediate(QueuedTransport.laterTurn, this)
    if (this.writing !== 'ending') return
    this.writing = 'ended'
    this.halfClose()
  }

  /** Drops everything queued and releases its files: the connection has closed. */
  protected dropQueue(cause?: Error): void {
    for (const item of this.queue ?? []) if (isFile(item)) item.release(connectionClosed(cause))
    this.queue = null
    this.text = ''
    this.waiting = 0
  }

  private enqueue(item: Uint8Array | File): void {
    this.queueText()
    this.queue ??= []
    this.queue.push(item)
  }

  /** Outside a call of the receiver, flushes at the end of the turn. */
  private flushLater(): void {
    if (this.corked) return
    this.corked = true
    process.nextTick(QueuedTransport.endOfTurn, this)
  }

  private static readonly endOfTurn = (transport: QueuedTransport<QueuedFile>): void => transport.uncork()

  private uncork(): void {
    this.corked = false
    this.flush()
  }

  private isBelowHighWaterMark(): boolean {
    if (this.waiting + this.inFlight <= this.highWaterMark) return !this.drainedIsDue
    this.drainedIsDue = true
    return false
  }

  private static readonly laterTurn = (transport: QueuedTransport<QueuedFile>): void => transport.notifyDrained()

  private notifyDrained(): void {
    if (this.writing === 'closed' || !this.drainedIsDue || this.waiting > 0 || this.inFlight > 0) return
    this.drainedIsDue = false
    this.notify('drained')
  }
}

/**
 * The error of a file that was not sent whole because its connection closed.
 *
 * @param cause the platform's error, if there is one
 */
export function connectionClosed(cause?: Error): Error {
  return new Error('Cannot send the whole file: the connection closed', { cause })
}

function isFile<File extends QueuedFile>(item: Queued<File>): item is File {
  return typeof item !== 'string' && !(item instanceof Uint8Array)
}
