/**
 * `node scripts/configuration-page.mjs`: writes the table of all keys of the schema to docs/configuration.md.
 *
 * `--check`: writes nothing, and ends with 1 when the table is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { LayeredSettings } from '../dist/src/adapters/settings/layered-settings.js'

const PAGE = new URL('../docs/configuration.md', import.meta.url)
const TABLE = /(<!-- keys:begin -->\n)[^]*(<!-- keys:end -->\n)/

const [flag] = process.argv.slice(2)
if (flag !== undefined && flag !== '--check')
  throw new Error(`Cannot read the command line: found ${flag}, wanted --check or nothing`)

const page = readFileSync(PAGE, 'utf8')
const { keys } = new LayeredSettings({ terminal: false, workingDirectory: process.cwd() })
if (!TABLE.test(page))
  throw new Error('Cannot find the table in docs/configuration.md: wanted the comments keys:begin and keys:end')
const fresh = page.replace(TABLE, (_, begin, end) => `${begin}\n${tableOf(keys)}\n${end}`)
if (flag === undefined) writeFileSync(PAGE, fresh)
else if (fresh !== page) {
  process.stderr.write('docs/configuration.md is out of date: run npm run docs\n')
  process.exitCode = 1
}

function tableOf(all) {
  const rows = all.map(({ key, environment, flag, default: byDefault, wanted, meaning }) => [
    ...[code(key), code(environment), flag === null ? '' : code(flagOf(flag))],
    ...[defaultCell(byDefault), wanted, meaning],
  ])
  const head = ['key', 'environment', 'flag', 'default', 'takes', 'meaning']
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...rows.map(line)].join('')
}

function flagOf({ name, value, form }) {
  return form === 'switch' ? name : `${name} ${value}`
}

/** A default is shown as code unless it is a description, which contains spaces, or `none`. */
function defaultCell(text) {
  return text === 'none' || text.includes(' ') ? text : code(text)
}

function code(text) {
  return `\`${text}\``
}
