import { assert } from 'chai'
import { describe, it } from 'mocha'
import { loadConfiguration } from '../../src/app/configuration.js'
import type { EffectiveSetting, LoadedSettings, SettingsRequest } from '../../src/ports/settings.js'
import { credentialsOf, FakeCredentials } from '../fakes/fake-credentials.js'
import { DEFAULT_SETTINGS } from '../fakes/settings.js'

const REQUEST: SettingsRequest = { configFile: null, environment: {}, given: [] }
const EFFECTIVE: EffectiveSetting[] = [
  { key: 'tls.certFile', value: 'a.pem', absent: 'none', origin: 'flag --cert-file' },
]
const settings = (enabled: boolean): LoadedSettings => ({
  settings: { ...DEFAULT_SETTINGS, tls: { ...DEFAULT_SETTINGS.tls, enabled } },
  effective: EFFECTIVE,
})
const source = (loaded: LoadedSettings) => ({ load: () => Promise.resolve(loaded) })

describe('loadConfiguration()', () => {
  it('reads the credentials that the settings name', async () => {
    const credentials = new FakeCredentials()
    const loaded = await loadConfiguration(source(settings(true)), credentials, REQUEST)
    assert.deepEqual('settings' in loaded ? loaded.credentials : null, credentialsOf())
    assert.isTrue(credentials.asked[0]!.enabled)
  })

  it('reads none without HTTPS', async () => {
    const credentials = new FakeCredentials()
    const loaded = await loadConfiguration(source(settings(false)), credentials, REQUEST)
    assert.isNull('settings' in loaded ? loaded.credentials : 'problems')
    assert.lengthOf(credentials.asked, 0)
  })

  it('reads none for settings that are wrong, and gives their problems', async () => {
    const credentials = new FakeCredentials()
    const wrong = { problems: [{ key: 'port', found: 'x', wanted: 'a number', origin: 'flag --port' }] }
    assert.deepEqual(await loadConfiguration(source(wrong), credentials, REQUEST), wrong)
    assert.lengthOf(credentials.asked, 0)
  })

  it('says of each problem with a file where its name came from', async () => {
    const credentials = new FakeCredentials()
    const of = (key: string) => ({ key, found: 'nothing', wanted: 'a file' })
    credentials.loaded = { problems: [of('tls.certFile'), of('tls.clientCaFile')] }
    assert.deepEqual(await loadConfiguration(source(settings(true)), credentials, REQUEST), {
      problems: [
        { ...of('tls.certFile'), origin: 'flag --cert-file' },
        { ...of('tls.clientCaFile'), origin: 'default' },
      ],
    })
  })
})
