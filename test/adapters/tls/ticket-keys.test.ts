import { assert } from 'chai'
import { describe, it } from 'mocha'
import { TicketKeys } from '../../../src/adapters/tls/ticket-keys.js'
import type { TicketSeed } from '../../../src/ports/operations/credentials.js'
import type { Transport } from '../../../src/ports/serving/transport.js'
import { usualCertificate } from '../../end-to-end/support/certificate.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { credentialAt, ServedByTls } from './served-by-tls.js'

const LIFETIME_MS = 60_000
const SEED: TicketSeed = { period: 0, secret: 'ab'.repeat(32) }

/** A secure context that asks for keys as Node's do. */
class Context {
  readonly context: { enableTicketKeyCallback(): void; onticketkeycallback?: Ask } = {
    enableTicketKeyCallback: () => undefined,
  }

  constructor(keys: TicketKeys) {
    keys.applyTo(this)
  }

  /** @returns the name of the key with which a new ticket is encrypted */
  encrypt(): Buffer {
    const [status, , , name] = this.context.onticketkeycallback!(Buffer.alloc(16), Buffer.alloc(16), true)
    assert.equal(status, 1)
    return name!
  }

  /** @returns 0: key unknown; 1: ticket accepted; 2: accepted, and the client gets a new one */
  decrypt(name: Buffer): number {
    return this.context.onticketkeycallback!(name, Buffer.alloc(16), false)[0]
  }

  keyFor(name: Buffer): string {
    const [, hmac, encryption] = this.context.onticketkeycallback!(name, Buffer.alloc(16), false)
    return Buffer.concat([hmac!, encryption!]).toString('hex')
  }
}

type Ask = (name: Buffer, iv: Buffer, encrypts: boolean) => readonly [number, ...Buffer[]]

function keysAt(clock: FakeClock, seed: TicketSeed | null = null): { keys: TicketKeys; context: Context } {
  const keys = new TicketKeys(LIFETIME_MS, clock, seed)
  return { keys, context: new Context(keys) }
}

describe('TicketKeys', () => {
  it('accept a ticket until its period ends', () => {
    const clock = new FakeClock(0)
    const { context } = keysAt(clock)
    const name = context.encrypt()
    clock.advance(LIFETIME_MS - 1)
    assert.equal(context.decrypt(name), 1)
    assert.deepEqual(context.encrypt(), name)
  })

  it('accept a ticket of the period before, and renew it', () => {
    const clock = new FakeClock(0)
    const { context } = keysAt(clock)
    const name = context.encrypt()
    clock.advance(LIFETIME_MS)
    assert.equal(context.decrypt(name), 2)
    assert.notDeepEqual(context.encrypt(), name)
  })

  for (const periods of [2, 3, 100]) {
    it(`do not accept a ticket of ${periods} periods before`, () => {
      const clock = new FakeClock(0)
      const { context } = keysAt(clock)
      const name = context.encrypt()
      clock.advance(periods * LIFETIME_MS)
      assert.equal(context.decrypt(name), 0)
    })
  }

  it('do not accept a ticket that was encrypted with another secret', () => {
    const [one, other] = [keysAt(new FakeClock(0)), keysAt(new FakeClock(0))]
    assert.equal(one.context.decrypt(other.context.encrypt()), 0)
  })

  it('are and stay the same in all processes that start with the same seed', () => {
    const clock = new FakeClock(0)
    const [one, other] = [keysAt(clock, SEED), keysAt(clock, SEED)]
    for (const periods of [0, 1, 3]) {
      clock.advance(periods * LIFETIME_MS)
      const name = one.context.encrypt()
      assert.equal(other.context.decrypt(name), 1)
      assert.equal(other.context.keyFor(name), one.context.keyFor(name))
    }
  })

  it('give a seed from which another process makes the current keys', () => {
    const clock = new FakeClock(0)
    const first = keysAt(clock, SEED)
    clock.advance(5 * LIFETIME_MS)
    const later = keysAt(clock, first.keys.seed)
    assert.equal(later.context.decrypt(first.context.encrypt()), 1)
    assert.equal(first.keys.seed.period, 5)
  })

  it('give a seed that does not open tickets of earlier periods', () => {
    const clock = new FakeClock(0)
    const first = keysAt(clock, SEED)
    const name = first.context.encrypt()
    clock.advance(LIFETIME_MS)
    assert.notInclude(JSON.stringify(first.keys.seed), SEED.secret)
    assert.equal(keysAt(clock, first.keys.seed).context.decrypt(name), 0)
  })

  it('stay the same when the wall clock is set back', () => {
    const clock = new FakeClock(10 * LIFETIME_MS)
    const { context } = keysAt(clock)
    const name = context.encrypt()
    clock.wallOffsetMs = 0
    assert.equal(context.decrypt(name), 1)
  })

  it('do not change a context that has no call for keys', () => {
    const context = { context: {} }
    new TicketKeys(LIFETIME_MS, new FakeClock(0)).applyTo(context)
    assert.deepEqual(context, { context: {} })
  })

  describe('in two listeners', () => {
    const resumes = async (one: TicketKeys, other: TicketKeys): Promise<boolean> => {
      const credentials = { certificates: [credentialAt(usualCertificate())], clientAuthorities: null } as const
      const [first, second] = [
        await ServedByTls.start({ credentials, parts: { tickets: one } }),
        await ServedByTls.start({ credentials, parts: { tickets: other } }),
      ]
      for (const served of [first, second]) served.accept = closeWithPeer
      try {
        const socket = await first.secured()
        const session = await new Promise<Buffer>((resolve) => socket.once('session', resolve))
        socket.destroy()
        const again = await second.secured({ session })
        const resumed = again.isSessionReused()
        again.destroy()
        return resumed
      } finally {
        await Promise.all([first.close(), second.close()])
      }
    }

    it('let a session of one be resumed in the other, when they have the same seed', async () => {
      const clock = new FakeClock(0)
      assert.isTrue(await resumes(keysAt(clock, SEED).keys, keysAt(clock, SEED).keys))
    })

    it('do not, when they have different seeds', async () => {
      const clock = new FakeClock(0)
      assert.isFalse(await resumes(keysAt(clock).keys, keysAt(clock).keys))
    })
  })
})

const ignore = (): void => undefined

function closeWithPeer(transport: Transport): void {
  transport.start({ octets: ignore, ended: () => transport.close(), drained: ignore, closed: ignore })
}
