import { latin1 } from '../octets/latin1.js'

/*
 * Theory of operation: a ring buffer in shared memory, with two positions. Only the thread advances the write position,
 * only the main thread the read position. Both only grow, and wrap around at 2^32. A record is never split: one that
 * would reach past the end of the ring starts at its beginning, and the space left at the end is skipped.
 */

/** A short answer of a handler, as a record of the ring. */
export interface RingAnswer {
  readonly request: number
  /** The longest time for which the request blocked its thread, in milliseconds. */
  readonly costMs: number
  /** 0 for a bare string. */
  readonly status: number
  /** Field lines as on the wire, in Latin-1. */
  readonly fields: string
  readonly text: string
}

const [READ, WRITTEN] = [0, 1]
const POSITIONS_OCTETS = 8
/** A power of two, so that positions may wrap around. */
const RING_OCTETS = 128 * 1024
/** Record length, request, cost (two words), status, lengths of fields and text, and one unused word. */
const HEAD_OCTETS = 32
/** The longest record; a longer answer is sent as a message. */
const MAX_RECORD_OCTETS = RING_OCTETS / 16
/** Stands where a record's length would, and means: skip to the end of the ring. */
const SKIP = 0

/**
 * Carries short answers from a handler thread to the main thread through shared memory.
 *
 * This costs less than a message, and the main thread can read the answers even if the thread never finishes its current
 * turn of the event loop. Both sides have an instance over the same memory.
 */
export class AnswerRing {
  private readonly positions: Int32Array
  private readonly words: Int32Array
  private readonly numbers: Float64Array
  private readonly octets: Buffer

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(POSITIONS_OCTETS + RING_OCTETS)) {
    this.positions = new Int32Array(memory, 0, 2)
    this.words = new Int32Array(memory, POSITIONS_OCTETS)
    this.numbers = new Float64Array(memory, POSITIONS_OCTETS)
    this.octets = Buffer.from(memory, POSITIONS_OCTETS)
  }

  /**
   * Writes an answer; called by the handler thread.
   *
   * @returns false when the answer is too long, its text is not ASCII, or the ring is full: send it as a message instead
   */
  put({ request, costMs, status, fields, text }: RingAnswer): boolean {
    const length = (HEAD_OCTETS + fields.length + text.length + 7) & ~7
    if (length > MAX_RECORD_OCTETS || Buffer.byteLength(text) !== text.length) return false
    const written = Atomics.load(this.positions, WRITTEN)
    const at = this.reserve(length, written)
    if (at === null) return false
    const word = at / 4
    this.words[word] = length
    this.words[word + 1] = request
    this.numbers[at / 8 + 1] = costMs
    this.words[word + 4] = status
    this.words[word + 5] = fields.length
    this.words[word + 6] = text.length
    this.octets.write(fields, at + HEAD_OCTETS, 'latin1')
    this.octets.write(text, at + HEAD_OCTETS + fields.length, 'latin1')
    const skipped = at === 0 ? octetsToEnd(written) : 0
    Atomics.store(this.positions, WRITTEN, (written + skipped + length) | 0)
    return true
  }

  /** Removes and returns the oldest answer; null if the ring is empty. Called by the main thread. */
  take(): RingAnswer | null {
    let read = Atomics.load(this.positions, READ)
    if (read === Atomics.load(this.positions, WRITTEN)) return null
    if (this.words[offsetOf(read) / 4] === SKIP) read += octetsToEnd(read)
    const at = offsetOf(read)
    const word = at / 4
    const fieldsAt = at + HEAD_OCTETS
    const textAt = fieldsAt + this.words[word + 5]!
    const answer = {
      request: this.words[word + 1]!,
      costMs: this.numbers[at / 8 + 1]!,
      status: this.words[word + 4]!,
      fields: latin1(this.octets, fieldsAt, textAt),
      text: latin1(this.octets, textAt, textAt + this.words[word + 6]!),
    }
    Atomics.store(this.positions, READ, (read + this.words[word]!) | 0)
    return answer
  }

  /** The offset for a record of this length, null when it does not fit. Marks the end of the ring if it is skipped. */
  private reserve(length: number, written: number): number | null {
    const free = RING_OCTETS - ((written - Atomics.load(this.positions, READ)) >>> 0)
    const at = offsetOf(written)
    const rest = RING_OCTETS - at
    if (length <= rest) return length <= free ? at : null
    if (rest + length > free) return null
    this.words[at / 4] = SKIP
    return 0
  }
}

function offsetOf(position: number): number {
  return position & (RING_OCTETS - 1)
}

/** The number of octets from a position to the end of the ring; 0 at its beginning. */
function octetsToEnd(position: number): number {
  return offsetOf(-position)
}
