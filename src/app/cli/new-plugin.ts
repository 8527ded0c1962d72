/** `portico new plugin`: what it takes, what it writes and what it says. */
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { NewFile } from '../../ports/tools/new-files.js'
import { shellWord } from './shell-word.js'

export interface NewPluginFlags {
  readonly dir: string
}

const READABLE = 0o644

/** @throws {InvalidArgumentError} for what would be no good name of a file, a plugin and a path at once */
function readPluginName(text: string): string {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(text)) return text
  throw new InvalidArgumentError('Wanted lower-case letters, digits and hyphens, with a letter first.')
}

export function addNewPluginFlags(command: Command): Command {
  return command
    .argument('<name>', 'its name, which its routes begin with', readPluginName)
    .addOption(new Option('--dir <DIR>', 'folder of the plugins; made when missing').default('plugins', 'plugins'))
}

/** A plugin that works, and a test that shows it. */
export function pluginFiles(name: string, { dir }: NewPluginFlags): NewFile[] {
  return [
    { path: join(dir, `${name}.mjs`), text: pluginText(name), mode: READABLE },
    { path: join(dir, `${name}.test.mjs`), text: testText(name), mode: READABLE },
  ]
}

export function newPluginReport(name: string, { dir }: NewPluginFlags, [plugin, test]: readonly NewFile[]): string {
  return `Wrote ${plugin!.path} and ${test!.path}
Serve it, and ask:
  portico --plugins ${shellWord(dir)}
  curl http://127.0.0.1:8080/${name}/Ada
Test it, where the package portico is installed:
  node --test ${shellWord(beyondFlags(test!.path))}
`
}

/** What begins with a hyphen would be taken for a flag. */
const beyondFlags = (path: string): string => (path.startsWith('-') ? `./${path}` : path)

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

/** A connection that persists would have the drain wait for it. */
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
