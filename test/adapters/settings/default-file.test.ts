import { assert } from 'chai'
import JSON5 from 'json5'
import { describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import { LayeredSettings } from '../../../src/adapters/settings/layered-settings.js'

const FILE = 'config/default.json5'

/** Lists the dotted names in a table. A table that is empty counts as a value, every other as a group. */
function namesIn(table: object, prefix = ''): string[] {
  return Object.entries(table).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && Object.keys(value).length > 0 && !Array.isArray(value)
      ? namesIn(value, `${prefix}${name}.`)
      : [prefix + name],
  )
}

describe(FILE, () => {
  const text = readFileSync(FILE, 'utf8')
  const source = new LayeredSettings({ terminal: true, workingDirectory: process.cwd() })

  it('contains every key, and nothing else', () => {
    assert.sameMembers(
      namesIn(JSON5.parse<object>(text)),
      source.keys.map(({ key }) => key),
    )
  })

  it('mentions every environment variable', () => {
    for (const { environment } of source.keys) assert.match(text, new RegExp(`\\b${environment}\\b`))
  })

  it('has the default of every key', async () => {
    for (const terminal of [true, false]) {
      const fresh = new LayeredSettings({ terminal, workingDirectory: process.cwd() })
      const without = await fresh.load({ given: [], environment: {}, configFile: null })
      const withFile = await fresh.load({ given: [], environment: {}, configFile: FILE })
      assert.notProperty(withFile, 'problems')
      assert.deepEqual(
        'settings' in withFile ? withFile.settings : null,
        'settings' in without ? without.settings : undefined,
      )
    }
  })
})
