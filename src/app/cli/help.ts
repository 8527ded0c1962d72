import type { SettingsKey } from '../../ports/operations/settings.js'
import { definitions } from './definitions.js'

/** The width of every help text, in columns. */
export const HELP_WIDTH = 120

const EXAMPLES = `
Examples:
  portico serve ./public                        serve the files of a folder at /
  portico --port 9000 --plugins ./handlers      run your own route handlers
  portico check --config portico.yaml --set keepAliveTimeoutMs=5000
                                                print the configuration in effect
`

const ORDER = `
Values come from, in this order: flags, environment, the file of --config, defaults. The first source that sets a key
wins; of several flags for one key, the last wins. Sizes are in bytes, or 64k, 1m, 2g. Relative paths in a file start
from the folder of the file. An empty environment variable counts as unset; --set serverName= sets an empty text.
`

const SIGNALS = `
Signals:
  SIGTERM, SIGINT  drain: finish requests in flight, refuse new ones, then exit; a second signal exits at once
  SIGHUP           with several workers, reload settings and plugins; on a terminal, drain
`

const EXIT_CODES = `
Exit codes:
  0   success: the server drained, or the command did its work
  1   failure, such as a port in use; or a drain that was forced or cut requests off
  2   wrong usage: an unknown flag or command, or a missing or malformed value
  78  bad configuration: every problem is listed with its key, the value found, the value wanted and its source
`

/** Makes the part of `portico --help` below the flags and commands. */
export function furtherHelp(keys: readonly SettingsKey[]): string {
  const others = keys.filter(({ flag }) => flag === null)
  const listing = definitions(
    others.map((each) => [each.key, `${each.meaning} (default ${each.default}; environment ${each.environment})`]),
    HELP_WIDTH,
  )
  return `${ORDER}\nKeys without a flag (set them with --set, the environment or a file):\n${listing}${EXAMPLES}${SIGNALS}${EXIT_CODES}`
}
