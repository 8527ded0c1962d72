import { type Command, InvalidArgumentError, Option } from 'commander'
import type { GivenSetting, SettingsFlag, SettingsKey } from '../../ports/operations/settings.js'

/**
 * What a flag's text means, in the words of its key.
 *
 * @throws {InvalidArgumentError} when it has not the form that the help shows; whether the value will do is for the
 *   settings to say
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

/** The default in the flag's own unit. */
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

/** A flag without a value, and its opposite. */
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
  return [option(flag.name, 'true', described(key, flag)), option(off, 'false', `not ${flag.name}`)]
}

function optionsOf(key: SettingsKey, given: GivenSetting[]): Option[] {
  const { flag } = key
  if (flag === null) return []
  return flag.form === 'switch' ? switchOptions(key, flag, given) : [flagOption(key, flag, given)]
}

function setOption(given: GivenSetting[]): Option {
  const description = 'set any key, such as limits.bodyBytes=1g; may be repeated'
  return new Option('--set <KEY=VALUE>', description).helpGroup('Configuration:').argParser((text: string) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === undefined || value === undefined) throw new InvalidArgumentError('Wanted KEY=VALUE.')
    given.push({ key, text: value, origin: 'flag --set', adds: false })
    return text
  })
}

/**
 * Gives a command a flag for each key that has one, and `--set` and `--config`.
 *
 * @param given what is found on the command line is appended here, in the order it stands there
 */
export function addFlags(command: Command, keys: readonly SettingsKey[], given: GivenSetting[]): void {
  for (const key of keys) for (const option of optionsOf(key, given)) command.addOption(option)
  const config = new Option('--config <FILE>', 'configuration file: .json, .json5, .yaml or .yml')
  command.addOption(config.helpGroup('Configuration:')).addOption(setOption(given))
}
