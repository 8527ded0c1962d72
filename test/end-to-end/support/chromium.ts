import { spawnSync } from 'node:child_process'
import { describe, type Suite } from 'mocha'
import { chromium, type Browser } from 'playwright-core'

const PROGRAM = 'chromium'

/** A suite that is skipped where there is no Chromium, with a line that says how to get it. */
export function describeWithChromium(title: string, define: (this: Suite) => void): void {
  if (spawnSync(PROGRAM, ['--version']).error === undefined) describe(title, define)
  else describe.skip(`${title} (chromium is missing; install it with: apt-get install chromium)`, define)
}

/** The browser of the distribution. Its sandbox cannot be had where tests run as root. */
export function startChromium(): Promise<Browser> {
  const { stdout } = spawnSync('which', [PROGRAM], { encoding: 'utf8' })
  return chromium.launch({ executablePath: stdout.trim(), args: ['--no-sandbox'] })
}
