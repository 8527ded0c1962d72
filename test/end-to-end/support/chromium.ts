import { spawnSync } from 'node:child_process'
import { chromium, type Browser } from 'playwright-core'
import { describeNeeding } from './needing.js'

const PROGRAM = 'chromium'

/** What needs chromium. */
export const describeWithChromium = describeNeeding(PROGRAM)

/** The browser of the distribution. Its sandbox cannot be had where tests run as root. */
export function startChromium(): Promise<Browser> {
  const { stdout } = spawnSync('which', [PROGRAM], { encoding: 'utf8' })
  return chromium.launch({ executablePath: stdout.trim(), args: ['--no-sandbox'] })
}
