import { latin1 } from '../octets/latin1.js'

/*
 * Theory of operation: a ring of octets in memory that both sides share, with two positions: the thread alone moves the
 * one behind what was written, the main side alone the one behind what was read. Both only grow, and wrap around at 2^32.
 * A record lies in one piece: where it would reach over the end of the ring, the rest there is skipped.
 */

/** A short answer, as a thread leaves it in the ring. */
export interface RingAnswer {
  readonly request: number
  readonly costMs: number
  /** 0 for a bare text. */
  readonly status: number
  /** As on the wire: Latin-1. */
  readonly fields: string
  readonly text: string
}

const [READ, WRITTEN] = [0, 1]
const POSITIONS_OCTETS = 8
/** A power of two, so that positions may wrap around. */
const RING_OCTETS = 128 * 1024
/** Length of the record, request, cost (two words), status, length of the fields and of the text, and one to spare. */
const HEAD_OCTETS = 32
/** One answer takes no more than so much of the ring. */
const MOST_OCTETS = RING_OCTETS / 16
/** In the place of a record's length: the rest up to the end of the ring is skipped. */
const SKIP = 0

/**
 * Short answers on their way from a thread: at less cost than as messages, and there for the main side to take even when
 * the thread never comes to the end of its turn. Both sides have one of these over the same memory.
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
   * The thread's side: leaves an answer.
   *
   * @returns false when it must go another way: it is long, no plain ASCII, or there is no room
   */
  put({ request, costMs, status, fields, text }: RingAnswer): boolean {
    const length = (HEAD_OCTETS + fields.length + text.length + 7) & ~7
    if (length > MOST_OCTETS || Buffer.byteLength(text) !== text.length) return false
    const written = Atomics.load(this.positions, WRITTEN)
    const at = this.placeFor(length, written)
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
    const skipped = at === 0 ? restFrom(written) : 0
    Atomics.store(this.positions, WRITTEN, (written + skipped + length) | 0)
    return true
  }

  /** The main side: takes the oldest answer; null when there is none. */
  take(): RingAnswer | null {
    let read = Atomics.load(this.positions, READ)
    if (read === Atomics.load(this.positions, WRITTEN)) return null
    if (this.words[placeOf(read) / 4] === SKIP) read += restFrom(read)
    const at = placeOf(read)
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

  /** Where a record of this length can be written; null while there is no room. Marks what is skipped for it. */
  private placeFor(length: number, written: number): number | null {
    const free = RING_OCTETS - ((written - Atomics.load(this.positions, READ)) >>> 0)
    const at = placeOf(written)
    const rest = RING_OCTETS - at
    if (length <= rest) return length <= free ? at : null
    if (rest + length > free) return null
    this.words[at / 4] = SKIP
    return 0
  }
}

function placeOf(position: number): number {
  return position & (RING_OCTETS - 1)
}

/** What is left from a position to the end of the ring; 0 from its begin. */
function restFrom(position: number): number {
  return placeOf(-position)
}
