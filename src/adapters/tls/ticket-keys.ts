import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../../ports/operations/clock.js'
import type { TicketSeed } from '../../ports/operations/credentials.js'

/** Octets of each part of a ticket's key: its name, the key of its seal and that of its encryption. */
const PART = 16

interface TicketKey {
  readonly name: Buffer
  readonly seal: Buffer
  readonly encryption: Buffer
}

/**
 * The keys of session tickets. Each lasts for a period of the wall clock, and tickets of the period before are still
 * taken, and renewed. The next secret is made of the one before, so that all processes that began with the same one go on
 * alike without a word; and the one before is forgotten, so that who reads our memory cannot read what was said earlier.
 */
export class TicketKeys {
  private period: number
  private secret: Buffer
  private current: TicketKey
  private last: TicketKey | null = null

  /** @param seed what the other processes began with; `null` for the first of them */
  constructor(
    private readonly lifetimeMs: number,
    private readonly clock: Pick<Clock, 'wall'>,
    seed: TicketSeed | null = null,
  ) {
    this.period = seed === null ? this.periodNow() : seed.period
    this.secret = seed === null ? randomBytes(32) : Buffer.from(seed.secret, 'hex')
    this.current = keyOf(this.secret)
  }

  /** What another process needs to make the same keys from now on. */
  get seed(): TicketSeed {
    this.advance()
    return { period: this.period, secret: this.secret.toString('hex') }
  }

  /**
   * Has a context encrypt its tickets by these keys. Node has a call for that which is in no documentation (the same in
   * Node 20 to 24); without it each process has a key of its own, which never changes.
   */
  serve(context: SecureContext): void {
    const native = context.context as NativeContext
    if (typeof native.enableTicketKeyCallback !== 'function') return
    native.onticketkeycallback = (name, _iv, encrypts) => (encrypts ? this.forNew() : this.forOld(name))
    native.enableTicketKeyCallback()
  }

  private forNew(): TicketKeyAnswer {
    this.advance()
    const { name, seal, encryption } = this.current
    return [KNOWN, seal, encryption, name, randomBytes(PART)]
  }

  private forOld(name: Buffer): TicketKeyAnswer {
    this.advance()
    const isCurrent = name.equals(this.current.name)
    const key = isCurrent ? this.current : this.last
    if (key === null || !name.equals(key.name)) return NO_KEY
    return [isCurrent ? KNOWN : RENEW, key.seal, key.encryption]
  }

  private periodNow(): number {
    return Math.floor(this.clock.wall() / this.lifetimeMs)
  }

  private advance(): void {
    const now = this.periodNow()
    for (; this.period < now; this.period++) {
      this.secret = createHmac('sha256', this.secret).update('next secret').digest()
      this.last = this.period === now - 1 ? this.current : null
      this.current = keyOf(this.secret)
    }
  }
}

const UNKNOWN = 0
const KNOWN = 1
/** It may be used once more; the client is to have a new one. */
const RENEW = 2

/** Node ends the process when it finds no parts in an answer, which it does not use in this one. */
const NO_KEY: TicketKeyAnswer = [UNKNOWN, Buffer.alloc(PART), Buffer.alloc(PART)]

/** What Node wants to know: whether there is a key, its parts, and for a new ticket its name and where its encryption begins. */
type TicketKeyAnswer = readonly [found: number, ...parts: Buffer[]]

interface NativeContext {
  enableTicketKeyCallback?: () => void
  onticketkeycallback?: (name: Buffer, iv: Buffer, encrypts: boolean) => TicketKeyAnswer
}

function keyOf(secret: Buffer): TicketKey {
  const octets = Buffer.from(hkdfSync('sha256', secret, '', 'ticket key', 3 * PART))
  const part = (at: number): Buffer => octets.subarray(at * PART, (at + 1) * PART)
  return { name: part(0), seal: part(1), encryption: part(2) }
}
