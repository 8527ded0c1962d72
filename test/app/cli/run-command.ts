import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'
import { commandLine, type CommandLineParts } from '../../../src/app/cli/command-line.js'
import type { GivenSetting, Settings, SettingsSource } from '../../../src/ports/operations/settings.js'
import { FakeSettings } from '../../fakes/settings.js'
import { idleParts } from './idle-parts.js'

export const FOLDER = process.cwd()
export const realSettings = (): SettingsSource => new LayeredSettings({ terminal: true, workingDirectory: FOLDER })

export const ROUTES = [
  { method: 'GET', pattern: '/', plugin: 'hello', file: 'plugins/hello.js' },
  { method: 'POST', pattern: '/submit', plugin: 'submit', file: 'plugins/submit.js' },
]

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly served: readonly Settings[]
}

/** Runs the program with these arguments, in this process. */
export async function runCommand(
  words: string,
  parts: Partial<CommandLineParts> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  let out = ''
  let err = ''
  const served: Settings[] = []
  const program = commandLine({
    ...idleParts(),
    settings: realSettings(),
    serve: async ({ settings }) => {
      served.push(settings)
      return 0
    },
    routes: async () => ROUTES,
    out: (text) => (out += text),
    err: (text) => (err += text),
    ...parts,
  })
  const code = await program(words === '' ? [] : words.split(' '), environment)
  return { code, out, err, served }
}

export async function given(words: string): Promise<readonly GivenSetting[]> {
  const settings = new FakeSettings()
  await runCommand(words, { settings: { keys: realSettings().keys, load: (request) => settings.load(request) } })
  return settings.requests[0]?.given ?? []
}
