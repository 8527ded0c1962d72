import { readSync } from 'node:fs'
import type { FilePart } from '../../src/ports/serving/file-part.js'
import type {
  CloseReason,
  Endpoint,
  Security,
  Transport,
  TransportReceiver,
} from '../../src/ports/serving/transport.js'

/** Replacements for the defaults of a fake transport. */
export interface FakeTransportOptions {
  /** Unsent octets above which `write` returns false. */
  readonly highWaterMark?: number
  readonly peer?: Endpoint
  readonly security?: Security
  /** Reads at most `length` octets of a file from an offset; by default from a real descriptor. */
  readonly readFile?: (descriptor: number, offset: number, length: number) => Uint8Array
}

/** Waits for the end of this turn of the event loop, and of everything that was postponed to it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * A connection in memory. The test uses its `far` end: a call there reaches the receiver before the call returns. Octets
 * that the receiver writes meanwhile have arrived at the far end when the call returns; octets written at another time arrive
 * after `turn()`.
 */
export class FakeTransport implements Transport {
  readonly peer: Endpoint
  readonly security: Security | null
  readonly far: FarEnd
  private readonly highWaterMark: number
  private readonly readFile: NonNullable<FakeTransportOptions['readFile']>
  private receiver: TransportReceiver | null = null
  private writing: 'open' | 'ending' | 'ended' | 'closed' = 'open'
  private outgoing: (Buffer | FilePart)[] = []
  private incoming: (Buffer | 'end')[] = []
  private hasPeerEnded = false
  private isPaused = false
  private wasReset = false
  private isCorked = false
  private drainedIsDue = false

  constructor(options: FakeTransportOptions = {}) {
    this.peer = options.peer ?? { address: '192.0.2.1', port: 50_000 }
    this.security = options.security ?? null
    this.highWaterMark = options.highWaterMark ?? 65_536
    this.readFile = options.readFile ?? readDescriptor
    this.far = new FarEnd({
      receive: (incoming) => this.receive(incoming),
      flush: () => this.flush(),
      reset: () => this.peerReset(),
    })
  }

  get unsent(): number {
    return this.outgoing.reduce((octets, piece) => octets + piece.length, 0)
  }

  get isLost(): boolean {
    return this.wasReset || this.writing === 'closed'
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver
  }

  write(octets: Uint8Array | string): boolean {
    if (this.writing !== 'open') return false
    this.outgoing.push(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : Buffer.from(octets))
    this.flushLater()
    return this.isBelowHighWaterMark()
  }

  sendFile(part: FilePart): boolean {
    if (this.writing !== 'open') {
      release(part, new Error('Cannot send the file: writing has ended on this connection'))
      return false
    }
    this.outgoing.push(part)
    this.flushLater()
    return this.isBelowHighWaterMark()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    process.nextTick(() => (this.wasReset ? this.closeWith('reset') : this.deliverAll()))
  }

  endWriting(): void {
    if (this.writing !== 'open') return
    this.writing = 'ending'
    this.flushLater()
  }

  close(): void {
    if (this.writing === 'closed') return
    this.writing = 'closed'
    this.far.closed = true
    process.nextTick(() => this.notifyClosed('ended'))
  }

  abort(): void {
    if (this.writing === 'closed') return
    this.writing = 'closed'
    this.far.cut = true
    process.nextTick(() => this.notifyClosed('aborted'))
  }

  /** As with a real socket, the receiver learns of a reset only while reading is not paused. */
  private peerReset(): void {
    if (this.isPaused) this.wasReset = true
    else this.closeWith('reset')
  }

  private receive(incoming: Buffer | 'end'): void {
    this.incoming.push(incoming)
    this.deliverAll()
  }

  private deliverAll(): void {
    while (!this.isPaused && this.writing !== 'closed' && this.incoming.length > 0) this.deliver(this.incoming.shift()!)
  }

  private deliver(incoming: Buffer | 'end'): void {
    if (incoming === 'end') this.hasPeerEnded = true
    this.notify((receiver) => (incoming === 'end' ? receiver.ended() : receiver.octets(incoming)))
    // Overwrites the lent octets, so that a receiver that keeps the buffer fails its test.
    if (incoming !== 'end') incoming.fill('#')
    this.closeWhenBothEnded()
  }

  private notify(call: (receiver: TransportReceiver) => void): void {
    this.isCorked = true
    call(this.receiver!)
    this.isCorked = false
    this.flush()
  }

  private flushLater(): void {
    if (this.isCorked) return
    this.isCorked = true
    process.nextTick(() => {
      this.isCorked = false
      this.flush()
    })
  }

  private isBelowHighWaterMark(): boolean {
    if (this.unsent > this.highWaterMark) this.drainedIsDue = true
    return !this.drainedIsDue
  }

  private flush(): void {
    if (this.writing === 'closed' || this.far.stalled) return
    const octets = this.takeOutgoing()
    if (octets.length > 0) this.far.writes.push(octets)
    if (this.drainedIsDue) setImmediate(() => this.notifyDrained())
    if (this.writing === 'ending') this.end()
  }

  /** Takes everything that was written, up to a file that falls short. */
  private takeOutgoing(): Buffer {
    const taken: Uint8Array[] = []
    while (this.outgoing.length > 0 && !this.far.cut) {
      const piece = this.outgoing.shift()!
      taken.push(isPart(piece) ? this.contentOf(piece) : piece)
    }
    return Buffer.concat(taken)
  }

  private contentOf(part: FilePart): Uint8Array {
    const content = this.readFile(part.descriptor, part.offset, part.length)
    const short = content.length < part.length
    release(part, short ? new Error('Cannot send the file: it ended short of what was promised') : null)
    if (short) this.abort()
    return content
  }

  private notifyDrained(): void {
    if (this.writing === 'closed' || !this.drainedIsDue || this.outgoing.length > 0) return
    this.drainedIsDue = false
    this.notify((receiver) => receiver.drained())
  }

  private end(): void {
    this.writing = 'ended'
    this.far.ended = true
    process.nextTick(() => this.closeWhenBothEnded())
  }

  private closeWhenBothEnded(): void {
    if (this.hasPeerEnded && this.writing === 'ended') this.closeWith('ended')
  }

  private closeWith(reason: CloseReason): void {
    if (this.writing === 'closed') return
    this.writing = 'closed'
    this.notifyClosed(reason)
  }

  private notifyClosed(reason: CloseReason): void {
    for (const piece of this.outgoing.splice(0))
      if (isPart(piece)) release(piece, new Error('Cannot send the whole file: the connection closed'))
    this.receiver!.closed(reason)
  }
}

/** The calls of a far end to its transport. */
interface NearEnd {
  receive(incoming: Buffer | 'end'): void
  flush(): void
  reset(): void
}

/** The peer's end of a fake transport. */
export class FarEnd {
  /** The octets received, one buffer for each time that octets left together. */
  readonly writes: Buffer[] = []
  /** The transport half-closed. */
  ended = false
  /** The transport was closed in both directions by `close`, without the peer's end. */
  closed = false
  /** The transport was aborted. */
  cut = false
  /** Reads nothing until `read`. */
  stalled = false
  private readonly near: NearEnd

  constructor(near: NearEnd) {
    this.near = near
  }

  /** All octets read so far, as latin1. */
  get received(): string {
    return Buffer.concat(this.writes).toString('latin1')
  }

  /** Returns the octets read since the last `take`, as latin1. */
  take(): string {
    const taken = this.received
    this.writes.length = 0
    return taken
  }

  /** Sends octets (a string is latin1) in one piece, or in pieces of at most `size`. */
  send(octets: Uint8Array | string, size = Infinity): void {
    const whole = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets
    for (let at = 0; at < whole.length; at += size)
      this.near.receive(Buffer.from(whole.subarray(at, Math.min(at + size, whole.length))))
  }

  stall(): void {
    this.stalled = true
  }

  /** Continues to read after `stall`. */
  read(): void {
    this.stalled = false
    this.near.flush()
  }

  /** Half-closes. */
  end(): void {
    this.near.receive('end')
  }

  reset(): void {
    this.near.reset()
  }
}

function isPart(piece: Buffer | FilePart): piece is FilePart {
  return 'descriptor' in piece
}

function release(part: FilePart, error: Error | null): void {
  process.nextTick(() => part.released(error))
}

function readDescriptor(descriptor: number, offset: number, length: number): Uint8Array {
  const content = Buffer.alloc(length)
  return content.subarray(0, readSync(descriptor, content, 0, length, offset))
}
