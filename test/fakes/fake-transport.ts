import { readSync } from 'node:fs'
import type { FilePart } from '../../src/ports/serving/file-part.js'
import type {
  CloseReason,
  Endpoint,
  Security,
  Transport,
  TransportReceiver,
} from '../../src/ports/serving/transport.js'

export interface FakeTransportOptions {
  /** Octets unsent above which `write` answers false. */
  readonly highWaterMark?: number
  readonly peer?: Endpoint
  readonly security?: Security
  /** Octets of a file from an offset, at most `length`; by default those of a real descriptor. */
  readonly readFile?: (descriptor: number, offset: number, length: number) => Uint8Array
}

/** Waits for the end of this turn of the event loop and all that was put off to it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * A connection in memory. The test holds its `far` end: what the test does there reaches the receiver at once, within
 * the call; what the receiver writes within such a call is at the far end when the call returns, and what is written
 * outside of one after `turn()`.
 */
export class FakeTransport implements Transport {
  readonly peer: Endpoint
  readonly security: Security | null
  readonly far: FarEnd
  readonly #highWaterMark: number
  readonly #readFile: NonNullable<FakeTransportOptions['readFile']>
  #receiver: TransportReceiver | null = null
  #writing: 'open' | 'ending' | 'ended' | 'over' = 'open'
  #outgoing: (Buffer | FilePart)[] = []
  #incoming: (Buffer | 'end')[] = []
  #peerEnded = false
  #paused = false
  #lost = false
  #held = false
  #owesDrained = false

  constructor(options: FakeTransportOptions = {}) {
    this.peer = options.peer ?? { address: '192.0.2.1', port: 50_000 }
    this.security = options.security ?? null
    this.#highWaterMark = options.highWaterMark ?? 65_536
    this.#readFile = options.readFile ?? readDescriptor
    this.far = new FarEnd({
      arrive: (incoming) => this.#arrive(incoming),
      flush: () => this.#flush(),
      reset: () => this.#peerReset(),
    })
  }

  get unsent(): number {
    return this.#outgoing.reduce((octets, piece) => octets + piece.length, 0)
  }

  get isLost(): boolean {
    return this.#lost || this.#writing === 'over'
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
  }

  write(octets: Uint8Array | string): boolean {
    if (this.#writing !== 'open') return false
    this.#outgoing.push(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : Buffer.from(octets))
    this.#hold()
    return this.#hasRoom()
  }

  sendFile(part: FilePart): boolean {
    if (this.#writing !== 'open') {
      release(part, new Error('Cannot send the file: the connection is over'))
      return false
    }
    this.#outgoing.push(part)
    this.#hold()
    return this.#hasRoom()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    process.nextTick(() => (this.#lost ? this.#close('reset') : this.#deliver()))
  }

  endWriting(): void {
    if (this.#writing !== 'open') return
    this.#writing = 'ending'
    this.#hold()
  }

  close(): void {
    if (this.#writing === 'over') return
    this.#writing = 'over'
    this.far.closed = true
    process.nextTick(() => this.#closed('ended'))
  }

  abort(): void {
    if (this.#writing === 'over') return
    this.#writing = 'over'
    this.far.cut = true
    process.nextTick(() => this.#closed('aborted'))
  }

  /** As with a real socket, nobody is told of it while reading is paused. */
  #peerReset(): void {
    if (this.#paused) this.#lost = true
    else this.#close('reset')
  }

  #arrive(incoming: Buffer | 'end'): void {
    this.#incoming.push(incoming)
    this.#deliver()
  }

  #deliver(): void {
    while (!this.#paused && this.#writing !== 'over' && this.#incoming.length > 0) this.#hand(this.#incoming.shift()!)
  }

  #hand(incoming: Buffer | 'end'): void {
    if (incoming === 'end') this.#peerEnded = true
    this.#call((receiver) => (incoming === 'end' ? receiver.ended() : receiver.octets(incoming)))
    // What was lent is overwritten, so that a receiver that kept it is found out.
    if (incoming !== 'end') incoming.fill('#')
    this.#closeWhenBothEnded()
  }

  #call(verb: (receiver: TransportReceiver) => void): void {
    this.#held = true
    verb(this.#receiver!)
    this.#held = false
    this.#flush()
  }

  #hold(): void {
    if (this.#held) return
    this.#held = true
    process.nextTick(() => {
      this.#held = false
      this.#flush()
    })
  }

  #hasRoom(): boolean {
    if (this.unsent > this.#highWaterMark) this.#owesDrained = true
    return !this.#owesDrained
  }

  #flush(): void {
    if (this.#writing === 'over' || this.far.stalled) return
    const leaving = this.#takeLeaving()
    if (leaving.length > 0) this.far.writes.push(leaving)
    if (this.#owesDrained) setImmediate(() => this.#drained())
    if (this.#writing === 'ending') this.#end()
  }

  /** Everything that was written, up to a file that falls short. */
  #takeLeaving(): Buffer {
    const leaving: Uint8Array[] = []
    while (this.#outgoing.length > 0 && !this.far.cut) {
      const piece = this.#outgoing.shift()!
      leaving.push(isPart(piece) ? this.#contentOf(piece) : piece)
    }
    return Buffer.concat(leaving)
  }

  #contentOf(part: FilePart): Uint8Array {
    const content = this.#readFile(part.descriptor, part.offset, part.length)
    const short = content.length < part.length
    release(part, short ? new Error('Cannot send the file: it ended short of what was promised') : null)
    if (short) this.abort()
    return content
  }

  #drained(): void {
    if (this.#writing === 'over' || !this.#owesDrained || this.#outgoing.length > 0) return
    this.#owesDrained = false
    this.#call((receiver) => receiver.drained())
  }

  #end(): void {
    this.#writing = 'ended'
    this.far.ended = true
    process.nextTick(() => this.#closeWhenBothEnded())
  }

  #closeWhenBothEnded(): void {
    if (this.#peerEnded && this.#writing === 'ended') this.#close('ended')
  }

  #close(reason: CloseReason): void {
    if (this.#writing === 'over') return
    this.#writing = 'over'
    this.#closed(reason)
  }

  #closed(reason: CloseReason): void {
    for (const piece of this.#outgoing.splice(0))
      if (isPart(piece)) release(piece, new Error('Cannot send the whole file: the connection closed'))
    this.#receiver!.closed(reason)
  }
}

/** What the far end does to its transport. */
interface NearEnd {
  arrive(incoming: Buffer | 'end'): void
  flush(): void
  reset(): void
}

/** The peer's end of a fake transport. */
export class FarEnd {
  /** One for each time that octets left together. */
  readonly writes: Buffer[] = []
  /** The transport half-closed. */
  ended = false
  /** The transport was closed in both directions, by its own end alone. */
  closed = false
  /** The transport was aborted. */
  cut = false
  /** Takes nothing for now. */
  stalled = false
  readonly #near: NearEnd

  constructor(near: NearEnd) {
    this.#near = near
  }

  /** Everything read until now, as latin1. */
  get received(): string {
    return Buffer.concat(this.writes).toString('latin1')
  }

  /** What was read since the last `take`, as latin1. */
  take(): string {
    const taken = this.received
    this.writes.length = 0
    return taken
  }

  /** Sends octets (a string is latin1) in one piece, or in pieces of at most `size`. */
  send(octets: Uint8Array | string, size = Infinity): void {
    const whole = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets
    for (let at = 0; at < whole.length; at += size)
      this.#near.arrive(Buffer.from(whole.subarray(at, Math.min(at + size, whole.length))))
  }

  stall(): void {
    this.stalled = true
  }

  /** Reads again after a stall. */
  read(): void {
    this.stalled = false
    this.#near.flush()
  }

  /** Half-closes. */
  end(): void {
    this.#near.arrive('end')
  }

  reset(): void {
    this.#near.reset()
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
