import { after, before, describe, type Suite } from 'mocha'
import type { Settings } from '../../../src/ports/operations/settings.js'

export type EngineName = Settings['engine']

const ENGINES: readonly EngineName[] = ['selectors', 'threadpool']

/** What tests are about that are about no engine. */
const USUAL: EngineName = 'selectors'

let current: EngineName = USUAL
let secure = false

/** The engine that the tests that run now are about. */
export const currentEngine = (): EngineName => current

/** Whether servers of the tests that run now are asked by TLS. */
export const isSecure = (): boolean => secure

/**
 * What crosses between threads is copied, and V8 lets so many octets of what was sent gather before it collects them; more
 * of them on later versions of Node.
 */
export const garbageOctets = (): number => (current === 'threadpool' ? 96 * 1024 * 1024 : 0)

type Describe = (title: string, define: (this: Suite) => void) => unknown

/**
 * Describes what a server does on whichever engine: the same tests run on each, and servers that their hooks start run
 * on that one.
 *
 * @param suite what describes it on one engine: `describe`, or one that skips where something is missing
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
 * As `onEachEngine`, and once more by TLS. Engines know nothing of TLS, so that one is enough; and tests of what takes long,
 * or of what is above the connection, need not run a third time.
 */
export function inEachWay(suite: Describe): Describe {
  return (title, define) => {
    onEachEngine(suite)(title, define)
    suite(`${title}, by TLS`, function () {
      before(() => void (secure = true))
      after(() => void (secure = false))
      define.call(this)
    })
  }
}

export const describeInEachWay = inEachWay(describe)
