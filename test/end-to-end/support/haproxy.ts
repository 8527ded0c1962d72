import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.js'
import { RawClient } from './raw-client.js'
import { describeNeeding } from './needing.js'
import { eventually } from '../../support/waiting.js'

const CONFIGURATION = fileURLToPath(new URL('../../../../deploy/haproxy.cfg', import.meta.url))

/** `describe` for tests that need haproxy. */
export const describeWithHaproxy = describeNeeding('haproxy')

/** Starts HAProxy with our example configuration in front of two servers. */
export async function startHaproxy(ports: readonly [number, number]): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort()
  const [one, two] = ports.map((each) => `127.0.0.1:${each}`)
  const environment = { PORTICO_FRONT: `127.0.0.1:${port}`, PORTICO_ONE: one, PORTICO_TWO: two }
  const child = spawn('haproxy', ['-db', '-f', CONFIGURATION], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (text: Buffer) => (printed += text.toString()))
  await eventually('haproxy listens', () => {
    if (child.exitCode !== null) throw new Error(`Cannot start haproxy: it printed ${printed}`)
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
