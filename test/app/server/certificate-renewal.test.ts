import { assert } from 'chai'
import { describe, it } from 'mocha'
import { CertificateRenewal } from '../../../src/app/server/certificate-renewal.js'
import type { Credentials, LoadedCredentials } from '../../../src/ports/operations/credentials.js'
import { RecordingEventLog } from '../../fakes/event-log.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { credentialsOf, FakeCredentials } from '../../fakes/fake-credentials.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'

const TLS = { ...DEFAULT_SETTINGS.tls, enabled: true, certFile: '/certs/a.pem', keyFile: '/certs/a.key' }
const DAY_MS = 24 * 60 * 60 * 1000
const SETTLED_MS = 200

const named = (label: string): LoadedCredentials => ({ credentials: credentialsOf({ label }) })

/** A renewal with fakes around it, and the labels of the certificates that it put to use. */
class Rig {
  readonly clock = new FakeClock()
  readonly log = new RecordingEventLog()
  readonly source = new FakeCredentials()
  readonly used: string[] = []
  /** The error for any new credentials; `null` to accept them. */
  failure: Error | null = null
  readonly renewal = new CertificateRenewal({
    source: this.source,
    clock: this.clock,
    log: this.log,
    use: (credentials) => this.use(credentials),
  })

  static begun(credentials = credentialsOf()): Rig {
    const rig = new Rig()
    rig.renewal.begin(TLS, credentials)
    return rig
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await settled()
  }

  get events(): string[] {
    return this.log.events.map(({ level, event }) => `${level}: ${event}`)
  }

  private use(credentials: Credentials): void {
    if (this.failure !== null) throw this.failure
    this.used.push(credentials.certificates[0].label)
  }
}

describe('CertificateRenewal', () => {
  describe('when files change', () => {
    it('uses the new certificates once the files no longer change', async () => {
      const rig = Rig.begun()
      rig.source.change(named('renewed'))
      await rig.pass(SETTLED_MS - 1)
      assert.deepEqual(rig.used, [])
      await rig.pass(1)
      assert.deepEqual(rig.used, ['renewed'])
      assert.deepEqual(rig.events, ['info: certificates reloaded'])
      assert.deepEqual(rig.renewal.counts, { done: 1, refused: 0 })
    })

    it('reads the files once for several changes in a short time', async () => {
      const rig = Rig.begun()
      for (const label of ['certificate', 'key', 'both']) {
        rig.source.change(named(label))
        await rig.pass(SETTLED_MS - 1)
      }
      await rig.pass(1)
      assert.deepEqual(rig.used, ['both'])
      assert.lengthOf(rig.source.asked, 1)
    })

    it('logs the new certificates and when they expire', async () => {
      const rig = Rig.begun()
      rig.source.change(named('renewed'))
      await rig.pass(SETTLED_MS)
      const { certificates } = rig.log.events[0]!.facts as { certificates: object[] }
      assert.deepEqual(certificates, [
        { certificate: 'renewed', file: '/certs/a.pem', expires: new Date(Date.UTC(2026, 3, 1)).toISOString() },
      ])
    })

    it('stops watching, and drops a reading that was due', async () => {
      const rig = Rig.begun()
      rig.source.change(named('renewed'))
      rig.renewal.stop()
      await rig.pass(SETTLED_MS)
      assert.deepEqual([rig.used, rig.source.watchers.size, rig.clock.pending], [[], 0, 0])
    })

    it('watches the files of the settings of the last begin()', async () => {
      const rig = Rig.begun()
      rig.renewal.begin({ ...TLS, certFile: '/certs/b.pem' }, credentialsOf())
      assert.equal(rig.source.watchers.size, 1)
      await rig.renewal.renew()
      assert.deepEqual(
        rig.source.asked.map(({ certFile }) => certFile),
        ['/certs/b.pem'],
      )
    })
  })

  describe('refuses, counts and logs with the reason, and keeps the old certificates:', () => {
    const wall = new FakeClock().wall()
    const damaged = { key: 'tls.certFile', found: '"/certs/a.pem", which is damaged', wanted: 'a certificate' }
    const cases: [rule: string, loaded: LoadedCredentials, found: RegExp][] = [
      ['broken files', { problems: [damaged] }, /which is damaged/],
      [
        'an expired certificate',
        { credentials: credentialsOf({ expiresMs: wall }) },
        /"\/certs\/a.pem", which expired 2026/,
      ],
      [
        'a certificate that is not valid yet',
        { credentials: credentialsOf({ beginsMs: wall + DAY_MS }) },
        /is not valid before 2026/,
      ],
    ]
    for (const [rule, loaded, found] of cases) {
      it(rule, async () => {
        const rig = Rig.begun()
        rig.source.change(loaded)
        await rig.pass(SETTLED_MS)
        assert.deepEqual([rig.used, rig.renewal.counts], [[], { done: 0, refused: 1 }])
        assert.deepEqual(rig.events, ['error: certificates refused'])
        assert.match(JSON.stringify(rig.log.events[0]!.facts).replaceAll('\\"', '"'), found)
      })
    }

    it('certificates that TLS cannot use', async () => {
      const rig = Rig.begun()
      rig.failure = new Error('ee key too small')
      await rig.renewal.renew()
      assert.deepEqual(rig.renewal.counts, { done: 0, refused: 1 })
      assert.deepEqual(rig.log.events[0]!.facts['problems'], [
        { key: 'tls', found: 'ee key too small', wanted: 'certificates that the server can use' },
      ])
    })

    it('and uses the next certificates that are valid', async () => {
      const rig = Rig.begun()
      rig.source.change({ problems: [damaged] })
      await rig.pass(SETTLED_MS)
      rig.source.change(named('right'))
      await rig.pass(SETTLED_MS)
      assert.deepEqual([rig.used, rig.renewal.counts], [['right'], { done: 1, refused: 1 }])
    })
  })

  describe('renew()', () => {
    it('reads the files at once', async () => {
      const rig = Rig.begun()
      await rig.renewal.renew()
      assert.deepEqual(rig.used, ['a.test ec'])
    })

    it('reads the files once more for a call during a reading', async () => {
      const rig = Rig.begun()
      const first = rig.renewal.renew()
      rig.source.loaded = named('later')
      void rig.renewal.renew()
      void rig.renewal.renew()
      await first
      assert.deepEqual(rig.used, ['a.test ec', 'later'])
    })

    it('does nothing before begin()', async () => {
      const rig = new Rig()
      await rig.renewal.renew()
      assert.deepEqual([rig.used, rig.source.asked], [[], []])
    })
  })

  describe('logs a certificate', () => {
    const begins = new FakeClock().wall()
    const cases: [rule: string, leftMs: number, events: string[]][] = [
      ['that has expired', 0, ['error: certificate expired']],
      ['that expires within fourteen days', 14 * DAY_MS - 1, ['warn: certificate expiring']],
      ['but not one that expires later', 14 * DAY_MS, []],
    ]
    for (const [rule, leftMs, events] of cases) {
      it(`${rule}, at begin()`, () => {
        assert.deepEqual(Rig.begun(credentialsOf({ expiresMs: begins + leftMs })).events, events)
      })
    }

    it('that expires soon after a reload, too', async () => {
      const rig = Rig.begun()
      rig.source.change({ credentials: credentialsOf({ expiresMs: begins + 3 * DAY_MS }) })
      await rig.pass(SETTLED_MS)
      assert.deepEqual(rig.events, ['info: certificates reloaded', 'warn: certificate expiring'])
      assert.deepInclude(rig.log.events[1]!.facts, { certificate: 'a.test ec', file: '/certs/a.pem', days: 2 })
    })
  })
})
