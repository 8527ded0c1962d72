import { assert } from 'chai'
import { describe, it } from 'mocha'
import { loadConfiguration, logSocketChoice } from '../../src/app/configuration.js'
import type {
  EffectiveSetting,
  LoadedSettings,
  Settings,
  SettingsRequest,
} from '../../src/ports/operations/settings.js'
import type { SocketChoice, SocketKind, CheckEpoll } from '../../src/ports/serving/sockets.js'
import { RecordingEventLog } from '../fakes/event-log.js'
import { credentialsOf, FakeCredentials } from '../fakes/fake-credentials.js'
import { epollFails, epollWorks } from '../fakes/sockets.js'
import { DEFAULT_SETTINGS } from '../fakes/settings.js'

const REQUEST: SettingsRequest = { configFile: null, environment: {}, given: [] }
const EFFECTIVE: EffectiveSetting[] = [
  { key: 'tls.certFile', value: 'a.pem', absent: 'none', origin: 'flag --cert-file' },
]
const settings = (enabled: boolean): LoadedSettings => ({
  settings: { ...DEFAULT_SETTINGS, tls: { ...DEFAULT_SETTINGS.tls, enabled } },
  effective: EFFECTIVE,
})
const load = (loaded: LoadedSettings, credentials = new FakeCredentials(), tryEpoll = epollWorks) =>
  loadConfiguration({ settings: { load: () => Promise.resolve(loaded) }, credentials, tryEpoll }, REQUEST)

describe('loadConfiguration()', () => {
  it('reads the credentials that the settings name', async () => {
    const credentials = new FakeCredentials()
    const loaded = await load(settings(true), credentials)
    assert.deepEqual('settings' in loaded ? loaded.credentials : null, credentialsOf())
    assert.isTrue(credentials.asked[0]!.enabled)
  })

  it('reads none without HTTPS', async () => {
    const credentials = new FakeCredentials()
    const loaded = await load(settings(false), credentials)
    assert.isNull('settings' in loaded ? loaded.credentials : 'problems')
    assert.lengthOf(credentials.asked, 0)
  })

  it('reads none for settings that are wrong, and gives their problems', async () => {
    const credentials = new FakeCredentials()
    const wrong = { problems: [{ key: 'port', found: 'x', wanted: 'a number', origin: 'flag --port' }] }
    assert.deepEqual(await load(wrong, credentials), wrong)
    assert.lengthOf(credentials.asked, 0)
  })

  it('says of each problem with a file where its name came from', async () => {
    const credentials = new FakeCredentials()
    const of = (key: string) => ({ key, found: 'nothing', wanted: 'a file' })
    credentials.loaded = { problems: [of('tls.certFile'), of('tls.clientCaFile')] }
    assert.deepEqual(await load(settings(true), credentials), {
      problems: [
        { ...of('tls.certFile'), origin: 'flag --cert-file' },
        { ...of('tls.clientCaFile'), origin: 'default' },
      ],
    })
  })

  describe('chooses the sockets', () => {
    const wanting = (socket: Settings['socket']): LoadedSettings => ({
      settings: { ...DEFAULT_SETTINGS, socket },
      effective: [{ key: 'socket', value: socket, absent: '', origin: 'flag --socket' }],
    })

    type Case = [wanted: Settings['socket'], tryEpoll: CheckEpoll, kind: SocketKind, inUse: string | undefined]
    const cases: Case[] = [
      ['auto', epollWorks, 'epoll', 'epoll, since a fake makes its system calls'],
      ['auto', epollFails, 'net', 'net, since the fake does not work'],
      ['epoll', epollWorks, 'epoll', 'epoll, since a fake makes its system calls'],
      ['net', epollWorks, 'net', undefined],
    ]
    for (const [wanted, tryEpoll, kind, inUse] of cases) {
      it(`${wanted}, where epoll ${tryEpoll === epollWorks ? 'works' : 'does not work'}: ${kind}, with the reason`, async () => {
        const loaded = await load(wanting(wanted), undefined, tryEpoll)
        if ('problems' in loaded) assert.fail('problems')
        assert.equal(loaded.socket.kind, kind)
        assert.equal(loaded.effective[0]?.inUse, inUse)
      })
    }

    it('epoll, where it does not work: a problem, together with those of the files', async () => {
      const credentials = new FakeCredentials()
      credentials.loaded = { problems: [{ key: 'tls.keyFile', found: 'nothing', wanted: 'a file' }] }
      const { settings: own, effective } = settings(true) as Exclude<LoadedSettings, { problems: unknown }>
      const loaded = await load({ settings: { ...own, socket: 'epoll' }, effective }, credentials, epollFails)
      assert.deepEqual(loaded, {
        problems: [
          { key: 'tls.keyFile', found: 'nothing', wanted: 'a file', origin: 'default' },
          { key: 'socket', found: 'epoll', wanted: 'net or auto, since the fake does not work', origin: 'default' },
        ],
      })
    })

    it('does not check epoll for net', async () => {
      await load(wanting('net'), undefined, () => assert.fail('tried'))
    })

    const logged: [wanted: Settings['socket'], kind: SocketKind, events: string[]][] = [
      ['auto', 'net', ['epoll unavailable']],
      ['auto', 'epoll', []],
      ['net', 'net', []],
    ]
    for (const [wanted, kind, events] of logged) {
      it(`${wanted} that chose ${kind} is ${events.length === 0 ? 'not ' : ''}logged`, () => {
        const log = new RecordingEventLog()
        const socket: SocketChoice = { kind, reason: 'of the test' }
        logSocketChoice(log, { settings: { ...DEFAULT_SETTINGS, socket: wanted }, credentials: null, socket })
        assert.deepEqual(
          log.events.map(({ event }) => event),
          events,
        )
      })
    }
  })
})
