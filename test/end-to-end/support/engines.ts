import { after, before, describe, type Suite } from 'mocha'
import type { Settings } from '../../../src/ports/operations/settings.js'

export type EngineName = Settings['engine']

const ENGINES: readonly EngineName[] = ['selectors', 'threadpool']

/** The engine for tests that do not depend on it. */
const USUAL: EngineName = 'selectors'

let current: EngineName = USUAL
let secure = false

/** The engine under test. */
export const currentEngine = (): EngineName => current

/** Whether the tests that run now use TLS. */
export const isSecure = (): boolean => secure

/**
 * The bytes of garbage to expect in a server. Content is copied between threads, and V8 collects the copies only after a
 * while, on later versions of Node later still.
 */
export const garbageOctets = (): number => (current === 'threadpool' ? 96 * 1024 * 1024 : 0)

type Describe = (title: string, define: (this: Suite) => void) => unknown

/**
 * Makes a `describe` that runs its tests once on each engine: servers that hooks and tests start use that engine.
 *
 * @param suite the `describe` for one engine, which may skip the tests where a program is missing
 */
export function onEachEngine(suite: Describe): Describe {
  return (title, define) => {
    for (const engine of ENGINES) {
      suite(`${title}, on ${engine}`, function () {
        before(() => void (current = engine))
        after(() => void (current = USUAL))
        define.call(this)
      })
    }
  }
}

export const describeOnEachEngine = onEachEngine(describe)

/**
 * Makes a `describe` that runs its tests on each engine, and once more with TLS. One engine is enough for TLS, because
 * engines do not depend on it. It is for tests about connections that do not take long.
 */
export function inEachWay(suite: Describe): Describe {
  return (title, define) => {
    onEachEngine(suite)(title, define)
    suite(`${title}, over TLS`, function () {
      before(() => void (secure = true))
      after(() => void (secure = false))
      define.call(this)
    })
  }
}

export const describeInEachWay = inEachWay(describe)
