import { setTimeout as delay } from 'node:timers/promises'

/** Long enough for a machine under heavy load: a test that passes never waits this long. */
const PATIENCE_MS = 60_000

/** The first pause between two checks is short, for events of this process; later ones spare the processor. */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 20

/**
 * Resolves as a promise does, and fails when that takes too long.
 *
 * @param wanted describes what is awaited, and what was found instead; called only for the error
 */
export async function within<T>(promise: Promise<T>, wanted: () => string, patienceMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot wait any longer for ${wanted()}`)), patienceMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Checks a condition repeatedly until it holds, for conditions that no event reports.
 *
 * @param what the condition, or the event that makes it hold, in words for the error
 */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  for (let pauseMs = FIRST_PAUSE_MS; !(await holds()); pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    if (performance.now() > untilMs) throw new Error(`Cannot wait any longer for: ${what}`)
    await delay(pauseMs)
  }
}
