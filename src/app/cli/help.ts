import type { SettingsKey } from '../../ports/operations/settings.js'
import { table } from './table.js'

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')

const EXAMPLES = `
Examples:
  portico serve ./public                        serve the files of a folder at /
  portico --port 9000 --plugins ./handlers      run your own route handlers
  portico check --config portico.yaml --set keepAliveTimeoutMs=5000
                                                see what would be in effect, and why
`

const ORDER = `
Where a value comes from, strongest first: flags, environment, the file of --config, defaults. Among flags the later
one wins. Sizes are octets, or 64k, 1m, 2g. A relative path in a file starts from the file's folder. An empty
variable counts as unset; --set serverName= sets an empty text.
`

const SIGNALS = `
Signals:
  SIGTERM, SIGINT  drain: what was begun is finished, what begins is turned away; a second one forces
  SIGHUP           with several workers, take up new settings and plugins; at a terminal, drain
`

const EXIT_CODES = `
Exit codes:
  0   drained; or the command did its work
  1   failure, such as a taken port; or a drain that was forced or had to cut
  2   wrong usage: an unknown flag or command, a missing value, or one that is not of the form shown here
  78  bad configuration: every problem is listed with its key, what was found, what was wanted and where
`

/** What stands below the flags in the help. */
export function furtherHelp(keys: readonly SettingsKey[]): string {
  const others = keys.filter(({ flag }) => flag === null)
  const rows = others.map((each) => [each.key, each.environment, each.default, each.meaning])
  const listing = table([['KEY', 'ENVIRONMENT', 'DEFAULT', 'MEANING'], ...rows])
  return `${ORDER}\nKeys without a flag of their own (--set, environment or file):\n${indented(listing)}${EXAMPLES}${SIGNALS}${EXIT_CODES}`
}
