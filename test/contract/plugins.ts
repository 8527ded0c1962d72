import { assert } from 'chai'
import { describe, it } from 'mocha'

import { text } from '../../src/domain/message/response-makers.js'
import type { Plugin, PluginContext, SharedContext } from '../../src/ports/plugins/plugin.js'
import type { PluginError, PluginSource } from '../../src/ports/plugins/plugin-source.js'
import type { Settings } from '../../src/ports/operations/settings.js'
import { RecordingEventLog } from '../fakes/event-log.js'
import { FakeFiles } from '../fakes/fake-files.js'
import { DEFAULT_SETTINGS } from '../fakes/settings.js'

/** A source with exactly these plugins, in this order. */
export type MakePluginSource = (plugins: readonly Plugin[]) => PluginSource

export const settingsWith = (plugins: Partial<Settings['plugins']>): Settings => ({
  ...DEFAULT_SETTINGS,
  plugins: { ...DEFAULT_SETTINGS.plugins, ...plugins },
})

export const sharedContext = (log = new RecordingEventLog()): SharedContext => ({
  log,
  files: new FakeFiles({}),
  metrics: {
    snapshot: () => Promise.reject(new Error('Cannot take a snapshot: no test asks for one')),
    perWorker: () => Promise.reject(new Error('Cannot take snapshots: no test asks for them')),
  },
  phase: () => 'running',
  unready: () => null,
  thread: 0,
})

/** Returns the error of a promise that must reject. */
export async function pluginErrorOf(promise: Promise<unknown>): Promise<PluginError> {
  const error = await promise.then(
    () => assert.fail('Expected a PluginError'),
    (reason: unknown) => reason as PluginError,
  )
  assert.equal(error.name, 'PluginError', error.stack)
  for (const problem of error.problems) assert.include(error.message, problem)
  return error
}

/** A plugin that records its calls. It throws in the call `failing`. */
function diarist(name: string, diary: string[], failing?: 'start' | 'routes' | 'stop'): Plugin {
  const note = (what: 'start' | 'routes' | 'stop'): void => {
    diary.push(`${what} ${name}`)
    if (what === failing) throw new Error(`${name} cannot ${what}`)
  }
  return {
    name,
    start: async () => {
      await Promise.resolve()
      note('start')
    },
    routes: () => {
      note('routes')
      return { [`GET /${name}`]: () => name }
    },
    stop: () => note('stop'),
  }
}

/** The contract of every implementation of `PluginSource`. */
export function pluginsContract(name: string, make: MakePluginSource): void {
  describe(`PluginSource: ${name}`, () => {
    const load = (plugins: readonly Plugin[], settings = DEFAULT_SETTINGS) => make(plugins).load(settings)

    it('loads plugins in order, with their names and files', async () => {
      const { loaded, replaced } = await load([diarist('a', []), diarist('b', [])])
      assert.deepEqual(
        loaded.map((each) => each.name),
        ['a', 'b'],
      )
      assert.match(loaded[0]!.file, /^\/.*a\.\w+$/)
      assert.isFalse(loaded[0]!.shipped)
      assert.isEmpty(replaced)
    })

    it('returns the routes of all plugins in order', async () => {
      const handler = () => text('a')
      const plugins = await load([
        { name: 'a', routes: { 'GET /a/:x': handler, 'POST /a': { handler, inline: true } } },
        { name: 'b', routes: () => ({ 'GET /b': { handler } }) },
      ])
      const routes = await plugins.start(sharedContext())
      assert.deepEqual(
        routes.map(({ method, pattern, inline, plugin }) => [method, pattern, inline, plugin]),
        [
          ['GET', '/a/:x', false, 'a'],
          ['POST', '/a', true, 'a'],
          ['GET', '/b', false, 'b'],
        ],
      )
      assert.strictEqual(routes[2]!.handler, handler)
      assert.equal(routes[2]!.file, plugins.loaded[1]!.file)
    })

    it('starts plugins in order, gets their routes after that, and stops them in reverse', async () => {
      const diary: string[] = []
      const plugins = await load([diarist('a', diary), diarist('b', diary)])
      await plugins.start(sharedContext())
      assert.sameMembers(diary, ['start a', 'routes a', 'start b', 'routes b'])
      for (const [one, other] of [
        ['start a', 'start b'],
        ['start a', 'routes a'],
        ['start b', 'routes b'],
      ] as const) {
        assert.isBelow(diary.indexOf(one), diary.indexOf(other))
      }
      diary.length = 0
      await plugins.stop()
      assert.deepEqual(diary, ['stop b', 'stop a'])
      await plugins.stop()
      assert.lengthOf(diary, 2, 'stopped once')
    })

    it('stops the started plugins when a later one fails to start', async () => {
      const diary: string[] = []
      const plugins = await load([diarist('a', diary), diarist('b', diary, 'start'), diarist('c', diary)])
      const { problems } = await pluginErrorOf(plugins.start(sharedContext()))
      assert.lengthOf(problems, 1)
      assert.include(problems[0], 'b cannot start')
      assert.notInclude(diary, 'start c')
      assert.deepEqual(
        diary.filter((each) => each.startsWith('stop')),
        ['stop a'],
      )
    })

    it('stops all plugins when the routes of one fail', async () => {
      const diary: string[] = []
      const plugins = await load([diarist('a', diary), diarist('b', diary, 'routes')])
      const error = await pluginErrorOf(plugins.start(sharedContext()))
      assert.include(error.message, 'b cannot routes')
      assert.deepEqual(diary.slice(-2), ['stop b', 'stop a'])
    })

    it('stops the other plugins when one fails to stop, and names it', async () => {
      const diary: string[] = []
      const plugins = await load([diarist('a', diary), diarist('b', diary, 'stop')])
      await plugins.start(sharedContext())
      assert.include((await pluginErrorOf(plugins.stop())).message, 'b cannot stop')
      assert.deepEqual(diary.slice(-2), ['stop b', 'stop a'])
    })

    it('gives each plugin its own section and a logger with its name', async () => {
      const contexts: PluginContext[] = []
      const plugin = (own: string): Plugin => ({
        name: own,
        routes: {},
        start: (context) => void contexts.push(context),
      })
      const log = new RecordingEventLog()
      const plugins = await load([plugin('a'), plugin('b')], settingsWith({ settings: { a: { depth: 3 } } }))
      await plugins.start(sharedContext(log))
      contexts[0]!.log.info('hello')
      assert.deepEqual(contexts[0]!.settings, { depth: 3 })
      assert.deepEqual(contexts[1]!.settings, {})
      assert.deepEqual(log.events, [{ level: 'info', event: 'hello', facts: { plugin: 'a' } }])
    })

    it('calls start, stop and routes as methods of the plugin', async () => {
      const plugin = {
        name: 'self',
        greeting: '',
        start() {
          this.greeting = 'started'
        },
        routes() {
          return { [`GET /${this.greeting}`]: () => '' }
        },
      }
      const plugins = await load([plugin])
      assert.equal((await plugins.start(sharedContext()))[0]!.pattern, '/started')
    })
  })
}
