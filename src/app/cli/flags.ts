import { type Command, InvalidArgumentError, Option } from 'commander'
import type { GivenSetting, SettingsFlag, SettingsKey } from '../../ports/operations/settings.js'

/**
 * Converts the text of a flag to the unit of its key. The settings check the value later.
 *
 * @throws {InvalidArgumentError} when the text does not have the form that the help shows
 */
function read({ form }: SettingsFlag, text: string): string {
  if (form === 'text') return text
  if (form === 'number') return demand(text, /^\d+$/.test(text), 'a whole number')
  if (form === 'seconds') return millisecondsOf(text)
  if (form === 'switch') return text
  return demand(text, form.includes(text), `one of ${form.join(', ')}`)
}

function demand(text: string, holds: boolean, wanted: string): string {
  if (!holds) throw new InvalidArgumentError(`Wanted ${wanted}.`)
  return text
}

function millisecondsOf(text: string): string {
  demand(text, /^\d+(?:\.\d{1,3})?$/.test(text), 'seconds, such as 30 or 0.5')
  return String(Math.round(Number(text) * 1000))
}

/** The default of a key in the unit of its flag. */
const defaultOf = (key: SettingsKey, { form }: SettingsFlag): string =>
  form === 'seconds' ? String(Number(key.default) / 1000) : key.default

const described = (key: SettingsKey, flag: SettingsFlag): string =>
  `${key.meaning} (default ${defaultOf(key, flag)}; key ${key.key}; environment ${key.environment})`

function flagOption(key: SettingsKey, flag: SettingsFlag, given: GivenSetting[]): Option {
  return new Option(`${flag.name} <${flag.value}>`, described(key, flag))
    .helpGroup(flag.group)
    .argParser((text: string) => {
      given.push({ key: key.key, text: read(flag, text), origin: `flag ${flag.name}`, adds: false })
      return text
    })
}

/** Makes a flag without a value, and the opposite flag. */
function switchOptions(key: SettingsKey, flag: SettingsFlag, given: GivenSetting[]): Option[] {
  const off = flag.name.replace(/^--/, '--no-')
  const option = (name: string, text: string, meaning: string): Option =>
    new Option(name, meaning)
      .helpGroup(flag.group)
      .preset(text)
      .argParser(() => {
        given.push({ key: key.key, text, origin: `flag ${name}`, adds: false })
        return text
      })
  return [option(flag.name, 'true', described(key, flag)), option(off, 'false', `the opposite of ${flag.name}`)]
}

function optionsOf(key: SettingsKey, given: GivenSetting[]): Option[] {
  const { flag } = key
  if (flag === null) return []
  return flag.form === 'switch' ? switchOptions(key, flag, given) : [flagOption(key, flag, given)]
}

function setOption(given: GivenSetting[]): Option {
  const description = 'set a key, such as limits.bodyBytes=1g; may be repeated'
  return new Option('--set <KEY=VALUE>', description).helpGroup('Configuration:').argParser((text: string) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === undefined || value === undefined) throw new InvalidArgumentError('Wanted KEY=VALUE.')
    given.push({ key, text: value, origin: 'flag --set', adds: false })
    return text
  })
}

/**
 * Gives a command the flags of all keys, and `--set` and `--config`.
 *
 * @param given collects the settings that are read from the command line, in their order
 */
export function addFlags(command: Command, keys: readonly SettingsKey[], given: GivenSetting[]): void {
  for (const key of keys) for (const option of optionsOf(key, given)) command.addOption(option)
  const config = new Option('--config <FILE>', 'configuration file: .json, .json5, .yaml or .yml')
  command.addOption(config.helpGroup('Configuration:')).addOption(setOption(given))
}
