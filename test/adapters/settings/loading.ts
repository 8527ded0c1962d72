import { after, before } from 'mocha'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'
import type {
  GivenSetting,
  LoadedSettings,
  SettingsProblem,
  SettingsRequest,
} from '../../../src/ports/operations/settings.js'

/** A setting as `--set` gives it. */
export const given = (key: string, text: string, origin = 'flag --set'): GivenSetting => ({
  key,
  text,
  origin,
  adds: false,
})

/** Loads settings in a temporary folder with the folders `public`, `config` and `config/public` and the file `a-file`. */
export interface Loading {
  /** The absolute path of the folder, once the tests run. */
  folder(): string
  source(terminal?: boolean): LayeredSettings
  load(request: Partial<SettingsRequest>, terminal?: boolean): Promise<LoadedSettings>
  /** Writes a configuration file into the folder. */
  fileOf(content: string, name?: string): { configFile: string }
  /** Loads, and returns the value and the origin of one key; throws when there are problems. */
  effective(request: Partial<SettingsRequest>, key: string): Promise<[value: unknown, origin: string]>
  /** Loads, and returns the problems; empty when there are none. */
  problems(request: Partial<SettingsRequest>): Promise<readonly SettingsProblem[]>
}

/** Registers the hooks that make and remove the folder, and returns the helpers that load settings in it. */
export function loadingInFolder(): Loading {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'portico-settings-'))
    mkdirSync(join(folder, 'config'))
    mkdirSync(join(folder, 'public'))
    mkdirSync(join(folder, 'config', 'public'))
    writeFileSync(join(folder, 'a-file'), '')
  })
  after(() => rmSync(folder, { recursive: true }))

  const source = (terminal = true): LayeredSettings => new LayeredSettings({ terminal, workingDirectory: folder })
  const load = (request: Partial<SettingsRequest>, terminal = true): Promise<LoadedSettings> =>
    source(terminal).load({ given: [], environment: {}, configFile: null, ...request })

  return {
    folder: () => folder,
    source,
    load,
    fileOf(content, name = 'config/portico.json5') {
      writeFileSync(join(folder, name), content)
      return { configFile: name }
    },
    async effective(request, key) {
      const loaded = await load(request)
      if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
      const { value, origin } = loaded.effective.find((each) => each.key === key)!
      return [value, origin]
    },
    async problems(request) {
      const loaded = await load(request)
      return 'problems' in loaded ? loaded.problems : []
    },
  }
}
