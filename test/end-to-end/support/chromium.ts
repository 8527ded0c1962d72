import { spawnSync } from 'node:child_process'
import { chromium, type Browser } from 'playwright-core'
import { describeNeeding } from './needing.js'

const PROGRAM = 'chromium'

/** `describe` for tests that need chromium. */
export const describeWithChromium = describeNeeding(PROGRAM)

/** Starts the browser of the distribution, without its sandbox, which does not work when tests run as root. */
export function startChromium(): Promise<Browser> {
  const { stdout } = spawnSync('which', [PROGRAM], { encoding: 'utf8' })
  return chromium.launch({ executablePath: stdout.trim(), args: ['--no-sandbox'] })
}
