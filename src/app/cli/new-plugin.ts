/** `portico new plugin`: its flags, the files that it writes and its report. */
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { NewFile } from '../../ports/tools/new-files.js'
import { shellWord } from './shell-word.js'

/** The flags of `portico new plugin`. */
export interface NewPluginFlags {
  readonly dir: string
}

/** The permissions of the files: everyone may read them. */
const FILE_MODE = 0o644

/**
 * Reads a name that is valid as a file name, a plugin name and a path segment.
 *
 * @throws {InvalidArgumentError} for any other name
 */
function readPluginName(text: string): string {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(text)) return text
  throw new InvalidArgumentError('Wanted up to 64 lower-case letters, digits and hyphens, beginning with a letter.')
}

/** Gives the command `new plugin` its argument and flags. */
export function addNewPluginFlags(command: Command): Command {
  return command
    .argument('<name>', 'name of the plugin; its routes begin with it', readPluginName)
    .addOption(new Option('--dir <DIR>', 'folder for plugins; made when missing').default('plugins', 'plugins'))
}

/** Makes the files of a working plugin and its test. */
export function pluginFiles(name: string, { dir }: NewPluginFlags): NewFile[] {
  return [
    { path: join(dir, `${name}.mjs`), text: pluginText(name), mode: FILE_MODE },
    { path: join(dir, `${name}.test.mjs`), text: testText(name), mode: FILE_MODE },
  ]
}

/** Names the files, and the commands that use them. */
export function newPluginReport(name: string, { dir }: NewPluginFlags, [plugin, test]: readonly NewFile[]): string {
  return `Wrote ${plugin!.path} and ${test!.path}
To serve it, and send a request:
  portico --plugins ${shellWord(dir)}
  curl http://127.0.0.1:8080/${name}/Ada
To test it, where the package portico is installed:
  node --test ${shellWord(notAFlag(test!.path))}
`
}

/** Rewrites a path that begins with a hyphen, which a command would read as a flag. */
const notAFlag = (path: string): string => (path.startsWith('-') ? `./${path}` : path)

const pluginText = (name: string): string => `import { definePlugin, json, text } from 'portico/plugin'

export default definePlugin({
  name: '${name}',
  routes: {
    'GET /${name}/:who': (request) => text(\`Hello, \${request.params.who}!\\n\`),
    'POST /${name}': async (request) => json({ received: await request.json() }, { status: 201 }),
  },
})
`

const testText = (name: string): string => `import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startServer } from 'portico'

let server
let origin

before(async () => {
  server = await startServer({ port: 0, 'plugins.directory': import.meta.dirname, 'log.level': 'error', 'log.access': false })
  origin = \`http://\${server.address.host}:\${server.address.port}\`
})
after(() => server.drain())

/** Sends a request. It closes the connection, so that the drain does not wait for it. */
const ask = (path, init = {}) => fetch(origin + path, { ...init, headers: { Connection: 'close', ...init.headers } })

test('greets by name', async () => {
  const response = await ask('/${name}/Ada')
  assert.equal(response.status, 200)
  assert.equal(await response.text(), 'Hello, Ada!\\n')
})

test('takes JSON', async () => {
  const response = await ask('/${name}', { method: 'POST', body: '{"a":1}' })
  assert.equal(response.status, 201)
  assert.deepEqual(await response.json(), { received: { a: 1 } })
})
`
