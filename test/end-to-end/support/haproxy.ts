import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, type Suite } from 'mocha'
import { freePort } from './free-port.js'
import { RawClient } from './raw-client.js'
import { eventually } from './process-facts.js'

const CONFIGURATION = fileURLToPath(new URL('../../../../deploy/haproxy.cfg', import.meta.url))

/** A suite that is skipped where there is no HAProxy, with a line that says how to get it. */
export function describeWithHaproxy(title: string, define: (this: Suite) => void): void {
  if (spawnSync('haproxy', ['-v']).error === undefined) describe(title, define)
  else describe.skip(`${title} (haproxy is missing; install it with: apt-get install haproxy)`, define)
}

/** HAProxy with the configuration that we give as an example, in front of two servers. */
export async function startHaproxy(ports: readonly [number, number]): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort()
  const [one, two] = ports.map((each) => `127.0.0.1:${each}`)
  const environment = { PORTICO_FRONT: `127.0.0.1:${port}`, PORTICO_ONE: one, PORTICO_TWO: two }
  const child = spawn('haproxy', ['-db', '-f', CONFIGURATION], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  await eventually('haproxy listens', () => {
    if (child.exitCode !== null) throw new Error(`Cannot start haproxy: it said ${said}`)
    return accepts(port)
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  return { port, stop }
}

async function accepts(port: number): Promise<boolean> {
  try {
    const client = await RawClient.connect(port)
    client.close()
    return true
  } catch {
    return false
  }
}
