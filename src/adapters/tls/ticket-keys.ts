import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../../ports/operations/clock.js'
import type { TicketSeed } from '../../ports/operations/credentials.js'

/** Octets of each part of a ticket key: its name, its HMAC key and its encryption key. */
const PART = 16

/** Made from the secret of a period. */
interface TicketKey {
  readonly name: Buffer
  readonly hmac: Buffer
  readonly encryption: Buffer
}

/**
 * The keys that encrypt session tickets (RFC 5077 §4, RFC 8446 §4.6.1).
 *
 * Each key lasts for one period of the wall clock. A ticket of the period before is still accepted, and the client gets a
 * new one. Each secret is derived from the one before, so processes that started with the same secret need no messages to
 * stay in step. The old secret is dropped: whoever reads our memory later cannot decrypt earlier connections with it.
 */
export class TicketKeys {
  private period: number
  private secret: Buffer
  private current: TicketKey
  private last: TicketKey | null = null

  /**
   * @param lifetimeMs length of a period
   * @param seed from another process, to make the same keys; `null` to begin with a random secret
   */
  constructor(
    private readonly lifetimeMs: number,
    private readonly clock: Pick<Clock, 'wall'>,
    seed: TicketSeed | null = null,
  ) {
    this.period = seed === null ? this.periodNow() : seed.period
    this.secret = seed === null ? randomBytes(32) : Buffer.from(seed.secret, 'hex')
    this.current = keyOf(this.secret)
  }

  /** Lets another process make the same keys from now on, but none of earlier periods. */
  get seed(): TicketSeed {
    this.advance()
    return { period: this.period, secret: this.secret.toString('hex') }
  }

  /**
   * Has a context encrypt its tickets with these keys. Node's call for that is not documented (it is the same in Node 20
   * to 24). Where it is missing, each process has a key of its own, which never changes.
   */
  applyTo(context: SecureContext): void {
    const native = context.context as NativeContext
    if (typeof native.enableTicketKeyCallback !== 'function') return
    native.onticketkeycallback = (name, _iv, encrypts) => (encrypts ? this.keyForNew() : this.keyFor(name))
    native.enableTicketKeyCallback()
  }

  private keyForNew(): TicketKeyResult {
    this.advance()
    const { name, hmac, encryption } = this.current
    return [KNOWN, hmac, encryption, name, randomBytes(PART)]
  }

  private keyFor(name: Buffer): TicketKeyResult {
    this.advance()
    const isCurrent = name.equals(this.current.name)
    const key = isCurrent ? this.current : this.last
    if (key === null || !name.equals(key.name)) return NO_KEY
    return [isCurrent ? KNOWN : RENEW, key.hmac, key.encryption]
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
/** The ticket is accepted, and the client gets a new one. */
const RENEW = 2

/** Node ends the process when the parts of a key are missing, even though it does not use them for UNKNOWN. */
const NO_KEY: TicketKeyResult = [UNKNOWN, Buffer.alloc(PART), Buffer.alloc(PART)]

/** The result in the form that Node expects: HMAC key and encryption key; for a new ticket the key's name and an IV, too. */
type TicketKeyResult = readonly [status: number, ...parts: Buffer[]]

interface NativeContext {
  enableTicketKeyCallback?: () => void
  onticketkeycallback?: (name: Buffer, iv: Buffer, encrypts: boolean) => TicketKeyResult
}

function keyOf(secret: Buffer): TicketKey {
  const octets = Buffer.from(hkdfSync('sha256', secret, '', 'ticket key', 3 * PART))
  const part = (at: number): Buffer => octets.subarray(at * PART, (at + 1) * PART)
  return { name: part(0), hmac: part(1), encryption: part(2) }
}
