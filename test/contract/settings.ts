import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { GivenSetting, LoadedSettings, SettingsSource } from '../../src/ports/operations/settings.js'

const given = (key: string, text: string, origin: string): GivenSetting => ({ key, text, origin, adds: false })

function effectiveOf(loaded: LoadedSettings, key: string): { value: unknown; origin: string } | undefined {
  assert.notProperty(loaded, 'problems')
  return 'effective' in loaded ? loaded.effective.find((each) => each.key === key) : undefined
}

/** The contract of every source of settings. The source must know the keys `port` (PORT, `--port`) and `host`. */
export function settingsContract(name: string, make: () => SettingsSource): void {
  describe(`the settings contract, by ${name}`, () => {
    it('lists each key, variable and flag once', () => {
      const { keys } = make()
      const flags = keys.flatMap(({ flag }) => (flag === null ? [] : [flag.name]))
      for (const names of [keys.map(({ key }) => key), keys.map(({ environment }) => environment), flags]) {
        assert.deepEqual(names, [...new Set(names)])
      }
    })

    it('reports every key as a default when no source sets it', async () => {
      const source = make()
      const loaded = await source.load({ given: [], environment: {}, configFile: null })
      assert.notProperty(loaded, 'problems')
      if ('problems' in loaded) return
      assert.deepEqual(
        loaded.effective.map(({ key, origin }) => [key, origin]),
        source.keys.map(({ key }) => [key, 'default']),
      )
    })

    it('prefers a variable to the default, and names it as the origin', async () => {
      const loaded = await make().load({ given: [], environment: { PORT: '81' }, configFile: null })
      assert.deepInclude(effectiveOf(loaded, 'port'), { value: 81, origin: 'environment PORT' })
    })

    it('prefers a given setting to a variable, and the later of two', async () => {
      const request = [given('port', '82', 'flag --port'), given('port', '83', 'flag --set')]
      const loaded = await make().load({ given: request, environment: { PORT: '81' }, configFile: null })
      assert.deepInclude(effectiveOf(loaded, 'port'), { value: 83, origin: 'flag --set' })
    })

    it('reports all problems at once, and no settings', async () => {
      const request = [given('prot', '82', 'flag --set'), given('port', 'x', 'flag --port')]
      const loaded = await make().load({ given: request, environment: {}, configFile: null })
      assert.notProperty(loaded, 'settings')
      if (!('problems' in loaded)) return
      const found = loaded.problems.map(({ key, origin }) => [key, origin])
      assert.deepEqual(found, [
        ['prot', 'flag --set'],
        ['port', 'flag --port'],
      ])
    })
  })
}
