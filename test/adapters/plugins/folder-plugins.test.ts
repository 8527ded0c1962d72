import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { FolderPlugins } from '../../../src/adapters/plugins/folder-plugins.js'
import type { Response } from '../../../src/domain/message/response.js'
import type { Plugin } from '../../../src/ports/plugins/plugin.js'
import type { Plugins, PluginSource } from '../../../src/ports/plugins/plugin-source.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import { pluginErrorOf, pluginsContract, settingsWith, sharedContext } from '../../contract/plugins.js'
import { FakeRequest } from '../../fakes/fake-request.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { Folder } from '../files/folder.js'

/** The source of a plugin with one route. */
const plugin = (name: string, key = `GET /${name}`): string =>
  `export default { name: '${name}', routes: { '${key}': () => '${name}' } }\n`

const names = ({ loaded }: Plugins): string[] => loaded.map((each) => each.name)

describe('FolderPlugins', () => {
  const folders: Folder[] = []
  const folderOf = (files: Readonly<Record<string, string>>): Folder => {
    const folder = new Folder(files)
    folders.push(folder)
    return folder
  }
  let shipped: Folder
  let own: Folder

  beforeEach(() => {
    shipped = folderOf({
      'health.mjs': plugin('health'),
      'hello.mjs': plugin('hello', 'GET /'),
      'metrics.mjs': plugin('metrics'),
      'static.mjs': plugin('static'),
    })
    own = folderOf({})
  })

  afterEach(() => {
    for (const folder of folders.splice(0)) folder.remove()
  })

  /** Loads the user's folder without shipped plugins. */
  const loadOwn = (files: Readonly<Record<string, string>>): Promise<Plugins> => {
    for (const [name, content] of Object.entries(files)) own.write(name, content)
    return new FolderPlugins(folderOf({}).path).load(settingsWith({ directory: own.path }))
  }

  const loadBoth = (settings: Partial<Settings['plugins']>): Promise<Plugins> =>
    new FolderPlugins(shipped.path).load(settingsWith(settings))

  const problemsOf = async (promise: Promise<unknown>): Promise<readonly string[]> =>
    (await pluginErrorOf(promise)).problems

  const isOneOf = new Map<string, Plugin>()
  ;(globalThis as { pluginsOfTheContract?: typeof isOneOf }).pluginsOfTheContract = isOneOf
  pluginsContract('folder', (plugins): PluginSource => {
    const id = (each: Plugin): string => `${own.path}/${each.name}`
    for (const each of plugins) {
      isOneOf.set(id(each), each)
      own.write(`${each.name}.mjs`, `export default globalThis.pluginsOfTheContract.get(${JSON.stringify(id(each))})`)
    }
    const source = new FolderPlugins(folderOf({}).path)
    return {
      load: (settings) => source.load({ ...settings, plugins: { ...settings.plugins, directory: own.path } }),
    }
  })

  describe('which modules are plugins', () => {
    it('includes .js, .mjs and .ts files and folders with an index, sorted by name', async () => {
      const plugins = await loadOwn({
        'e.mjs': plugin('one'),
        'c.js': plugin('two'),
        'd.ts': plugin('three'),
        'b/index.mjs': plugin('four'),
        'B/index.ts': plugin('five'),
        'a/index.js': plugin('six'),
        'package.json': '{ "type": "module" }',
      })
      assert.deepEqual(names(plugins), ['five', 'six', 'four', 'two', 'three', 'one'])
      assert.equal(plugins.loaded[1]!.file, own.at('a/index.js'))
    })

    it('includes nothing else', async () => {
      const broken = 'this is no module'
      const plugins = await loadOwn({
        'plugin.mjs': plugin('plugin'),
        '.hidden.mjs': broken,
        '_shared.mjs': broken,
        '_folder/index.mjs': broken,
        'types.d.ts': broken,
        'plugin.mjs.map': broken,
        'plugin.test.mjs': broken,
        'node_modules/index.js': broken,
        'notes.md': broken,
        'data.json': broken,
        'lib/helper.mjs': broken,
      })
      assert.deepEqual(names(plugins), ['plugin'])
    })

    it('names an unreadable folder in the error', async () => {
      const [problem] = await problemsOf(loadBoth({ directory: own.at('nowhere') }))
      assert.match(problem!, /^Cannot read plugin folder ".*nowhere": .*ENOENT/)
    })
  })

  describe('shipped plugins', () => {
    it('are the only plugins without a folder of the user', async () => {
      const plugins = await loadBoth({})
      assert.deepEqual(names(plugins), ['health', 'hello', 'metrics', 'static'])
      assert.isTrue(plugins.loaded[0]!.shipped)
    })

    it('can be left out by name', async () => {
      assert.deepEqual(names(await loadBoth({ without: ['hello', 'static'] })), ['health', 'metrics'])
    })

    it('are reduced to the necessary ones with a folder of the user', async () => {
      own.write('mine.mjs', plugin('mine', 'GET /'))
      assert.deepEqual(names(await loadBoth({ directory: own.path })), ['health', 'metrics', 'static', 'mine'])
      assert.deepEqual(names(await loadBoth({ directory: own.path, without: ['static'] })), [
        'health',
        'metrics',
        'mine',
      ])
    })

    it('include all that settings and operators need', async () => {
      const plugins = await new FolderPlugins().load(settingsWith({ directory: own.path }))
      assert.deepEqual(names(plugins), ['acme', 'dashboard', 'health', 'metrics', 'static'])
    })

    it('are replaced by plugins of the user with the same name', async () => {
      own.write('probes.mjs', plugin('health'))
      const plugins = await loadBoth({ directory: own.path })
      assert.deepEqual(names(plugins), ['metrics', 'static', 'health'])
      assert.equal(plugins.loaded[2]!.file, own.at('probes.mjs'))
      assert.deepEqual(
        plugins.replaced.map((each) => each.file),
        [shipped.at('health.mjs')],
      )
    })

    it('are eight', async () => {
      const plugins = await new FolderPlugins().load(DEFAULT_SETTINGS)
      assert.deepEqual(names(plugins), [
        'acme',
        'dashboard',
        'health',
        'hello',
        'metrics',
        'static',
        'stream',
        'submit',
      ])
    })
  })

  describe('sections of the configuration', () => {
    it('gives the plugin static its own section', async () => {
      shipped.write(
        'static.mjs',
        'export default { name: "static", routes: ({ settings }) => ({ [`GET ${settings.prefix}*`]: () => "" }) }',
      )
      const routes = await (await loadBoth({ without: ['health', 'hello', 'metrics'] })).start(sharedContext())
      assert.equal(routes[0]!.pattern, '/static/*')
    })

    it('refuses sections and names without a plugin', async () => {
      const settings = { settings: { helo: {}, static: {} }, without: ['hello', 'helo'] }
      assert.deepEqual(await problemsOf(loadBoth(settings)), [
        'Cannot use section "plugins.settings.helo": no plugin has that name (loaded: health, metrics, static)',
        'Cannot use section "plugins.settings.static": configure this plugin with the key "static"',
        'Cannot leave out plugin "helo": wanted one of health, hello, metrics, static (plugins.without)',
      ])
    })
  })

  describe('problems of a plugin', () => {
    const cases: [source: string, problem: string][] = [
      ['', 'found no export, wanted a default export of { name, routes }'],
      ['export const name = "a"', 'found the export name, wanted a default export of { name, routes }'],
      ['export const a = 1, b = 2', 'found the exports a, b, wanted a default export of { name, routes }'],
      ['export default () => 1', 'its default export is a function, wanted { name, routes }'],
      ['export default null', 'its default export is null, wanted { name, routes }'],
      ['export default []', 'its default export is an array, wanted { name, routes }'],
      ['export default { routes: {} }', 'its name is missing, wanted letters, digits, "_" and "-"'],
      ['export default { name: "a b", routes: {} }', 'its name is "a b", wanted letters, digits, "_" and "-"'],
      ['export default { name: 1, routes: {} }', 'its name is a number, wanted letters, digits, "_" and "-"'],
      ['export default { name: "a" }', 'its routes are missing, wanted { "METHOD /path": handler }'],
      ['export default { name: "a", routes: [] }', 'its routes are an array, wanted { "METHOD /path": handler }'],
      [
        'export default { name: "a", routes: { "GET /": "hello" } }',
        'route "GET /" is a string, wanted a function or { handler, inline, admin }',
      ],
      [
        'export default { name: "a", routes: { "GET /": { hander() {} } } }',
        'route "GET /" is an object with the key hander, wanted a function or { handler, inline, admin }',
      ],
      [
        'export default { name: "a", routes: { "GET /": { handler() {}, inline: 1 } } }',
        'route "GET /" has an "inline" that is a number, wanted true or false',
      ],
      [
        'export default { name: "a", routes: { "/": () => "" } }',
        'Cannot read route "/": wanted a method, one space and a path, such as "GET /users/:id"',
      ],
      ['export default { name: "a", routes: {}, start: 1 }', 'its start is a number, wanted a function'],
      ['export default { name: "a", routes: {}, stop: {} }', 'its stop is an object with no key, wanted a function'],
    ]
    for (const [source, problem] of cases) {
      it(problem, async () => {
        assert.deepEqual(await problemsOf(loadOwn({ 'a.mjs': source })), [
          `Cannot load plugin "${own.at('a.mjs')}": ${problem}`,
        ])
      })
    }

    it('are reported for all plugins and routes at once', async () => {
      const problems = await problemsOf(
        loadOwn({
          'a.mjs': 'export default { name: "a", routes: { "get /": () => "", "GET a": () => "" } }',
          'b.mjs': 'export default { routes: 1 }',
          'c.mjs': 'throw new Error("no database")',
          'd.mjs': plugin('same', 'GET /x/:a'),
          'e.mjs': plugin('same', 'GET /x/:b'),
        }),
      )
      const at = (name: string): string => own.at(name)
      assert.deepEqual(problems, [
        `Cannot load plugin "${at('a.mjs')}": Cannot read route "get /": methods are case-sensitive, found "get", wanted "GET"`,
        `Cannot load plugin "${at('a.mjs')}": Cannot read route "GET a": Cannot read pattern "a": it does not begin with "/"`,
        `Cannot load plugin "${at('b.mjs')}": its name is missing, wanted letters, digits, "_" and "-"`,
        `Cannot load plugin "${at('b.mjs')}": its routes are a number, wanted { "METHOD /path": handler }`,
        `Cannot load plugin "${at('c.mjs')}": Error: no database (at ${at('c.mjs')}:1)`,
        `Cannot load plugin "${at('e.mjs')}": its name "same" is already used by "${at('d.mjs')}"`,
        `Cannot load plugin "${at('e.mjs')}": its route "GET /x/:b" is already defined by "${at('d.mjs')}" as "GET /x/:a"`,
      ])
    })

    it('are reported for routes that a function makes, too', async () => {
      const plugins = await loadOwn({
        'a.mjs': 'export default { name: "a", routes: () => ({ "GET /a": () => "" }) }',
        'b.mjs': 'export default { name: "b", routes: () => ({ "GET /a": () => "", "GET b": 1 }) }',
        'c.mjs': 'export default { name: "c", routes: () => { throw "nothing" } }',
        'd.mjs': 'export default { name: "d", routes: async () => ({}) }',
      })
      assert.deepEqual(await problemsOf(plugins.start(sharedContext())), [
        `Cannot load plugin "${own.at('b.mjs')}": Cannot read route "GET b": Cannot read pattern "b": it does not begin with "/"`,
        `Cannot get the routes of plugin "c" in "${own.at('c.mjs')}": threw nothing`,
        `Cannot load plugin "${own.at('d.mjs')}": its routes are a promise, wanted { "METHOD /path": handler }`,
        `Cannot load plugin "${own.at('b.mjs')}": its route "GET /a" is already defined by "${own.at('a.mjs')}" as "GET /a"`,
      ])
    })

    const unreadable: [file: string, source: string, message: RegExp, rule: string][] = [
      [
        'a.mjs',
        'export default {\n  name: "a",\n  routes: { : 1 },\n}',
        /SyntaxError: .*\(at \S+a\.mjs:3/,
        'broken JavaScript',
      ],
      ['a.mjs', 'import { nothing } from "node:path"', /SyntaxError: .*nothing/, 'an import of a missing export'],
      [
        'a.mjs',
        'import "./nowhere.mjs"',
        /Cannot find module '\S+nowhere\.mjs' imported from \S+a\.mjs$/,
        'a missing module',
      ],
      ['a.mjs', 'throw "words"', /: threw words$/, 'a thrown value that is no error'],
      [
        'a.ts',
        'export default {\n  name: "a" as string,\n  routes: { : 1 },\n}',
        /SyntaxError: .*\(at \S+a\.ts:3/,
        'broken TypeScript',
      ],
      [
        'a.ts',
        'const a = 1\nenum B { C }',
        /SyntaxError: TypeScript enum is not supported.*\(at \S+a\.ts:2/,
        'more than types',
      ],
    ]
    for (const [file, source, message, rule] of unreadable) {
      it(`name file and place: ${rule}`, async () => {
        const [problem, ...more] = await problemsOf(loadOwn({ [file]: source }))
        assert.match(problem!, message)
        assert.include(problem, own.at(file))
        assert.isEmpty(more)
      })
    }

    it('explain a package that makes modules CommonJS', async () => {
      const [problem] = await problemsOf(
        loadOwn({ 'package.json': '{ "type": "commonjs" }', 'a.js': 'export default { name: "a", routes: {} }' }),
      )
      assert.match(problem!, /its package\.json makes it CommonJS, wanted "type": "module"$/)
    })
  })

  it('runs a TypeScript plugin from any folder, with "portico/plugin" and its own modules', async () => {
    const plugins = await loadOwn({
      'package.json': '{ "type": "module" }',
      'greeter.ts': `
        import { definePlugin, text, type Request } from 'portico/plugin'
        import { greeting } from './lib/greeting.ts'
        export default definePlugin({
          name: 'greeter',
          routes: { 'GET /greet/:name': (request: Request) => text(greeting(request.params['name']!)) },
        })`,
      'lib/greeting.ts': 'export const greeting = (name: string): string => `Hello, ${name}!`',
    })
    const [route] = await plugins.start(sharedContext())
    const response = (await route!.handler(new FakeRequest({ params: { name: 'Ada' } }))) as Response
    assert.equal(response.content, 'Hello, Ada!')
    assert.equal(response.fields.wire, 'Content-Type: text/plain; charset=utf-8\r\n')
  })

  it('runs a CommonJS plugin', async () => {
    const plugins = await loadOwn({
      'package.json': '{}',
      'a.js': "module.exports = { name: 'a', routes: { 'GET /a': () => 'a' } }",
    })
    assert.deepEqual(names(plugins), ['a'])
  })
})
