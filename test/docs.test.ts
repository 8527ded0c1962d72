/** The documentation tells what is there: keys, flags, routes and rules are named, and its links lead somewhere. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { FolderPlugins } from '../src/adapters/plugins/folder-plugins.js'
import { LayeredSettings } from '../src/adapters/settings/layered-settings.js'
import { sharedContext } from './contract/plugins.js'
import { DEFAULT_SETTINGS } from './fakes/settings.js'

const README = 'README.md'
const DOCUMENTS = [
  README,
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const WIRE_CASES = 'test/wire/cases'

const textOf = (file: string): string => readFileSync(file, 'utf8')
const prose = DOCUMENTS.map(textOf).join('\n')

/** The texts that match the first group of the pattern. */
const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!)

describe('documentation', () => {
  const { keys } = new LayeredSettings({ terminal: false, workingDirectory: process.cwd() })

  it('has the table of all keys as the schema has them', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/configuration-page.mjs', '--check'], {
      encoding: 'utf8',
    })
    assert.deepEqual([status, stderr], [0, ''])
    const table = textOf('docs/configuration.md')
    for (const { key, environment, meaning } of keys)
      for (const cell of [key, environment, meaning]) assert.include(table, cell)
  })

  it('names no key that the program lacks', () => {
    const known = keys.map(({ key }) => key)
    assert.includeMembers(known, found(textOf('docs/configuration.md'), /--set ([\w.]+)=/g))
    assert.includeMembers(known, found(prose, /`((?:drain|limits|static|log)\.[a-z]\w+)`/g))
  })

  it('names every shipped route', async () => {
    const plugins = await new FolderPlugins().load(DEFAULT_SETTINGS)
    const routes = await plugins.start(sharedContext())
    await plugins.stop()
    for (const { method, pattern } of routes) assert.include(prose, `\`${method} ${pattern}\``)
  })

  it('names every rule of the wire cases', () => {
    const files = readdirSync(WIRE_CASES).filter((name) => name.endsWith('.wire'))
    const rules = files.flatMap((name) => found(textOf(`${WIRE_CASES}/${name}`), /^< \d{3} (\S+)$/gm))
    assert.isNotEmpty(rules)
    const table = textOf('docs/protocol.md')
    for (const rule of new Set(rules)) assert.include(table, `\`${rule}\``)
  })

  for (const document of DOCUMENTS) {
    it(`leads somewhere with every link of ${document}`, () => {
      for (const link of found(textOf(document), /\]\(([^)\s]+)\)/g)) assertLeads(document, link)
    })
  }
})

function assertLeads(document: string, link: string): void {
  if (/^https?:/.test(link)) return
  const [path = '', fragment] = link.split('#')
  const target = path === '' ? document : join(dirname(document), path)
  assert.isTrue(existsSync(target), `${link} in ${document}`)
  if (fragment !== undefined) assert.include(headingsOf(target), fragment, `${link} in ${document}`)
}

/** The names that headings have in links: lower case, spaces as hyphens, no punctuation. */
function headingsOf(file: string): string[] {
  return found(textOf(file), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
