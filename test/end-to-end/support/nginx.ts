import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TemporaryFolder } from './folder.js'
import { freePort } from './free-port.js'
import { describeNeeding } from './needing.js'
import { eventually } from '../../support/waiting.js'

const CONFIGURATION = fileURLToPath(new URL('../../../../deploy/nginx.conf', import.meta.url))

/** `describe` for tests that need nginx. */
export const describeWithNginx = describeNeeding('nginx')

/** Starts nginx with our example configuration in front of two servers. */
export async function startNginx(ports: readonly [number, number]): Promise<{ origin: string; stop(): Promise<void> }> {
  const port = await freePort()
  const example = readFileSync(CONFIGURATION, 'utf8')
    .replace('127.0.0.1:8081', `127.0.0.1:${ports[0]}`)
    .replace('127.0.0.1:8082', `127.0.0.1:${ports[1]}`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
  const folder = new TemporaryFolder({ 'portico.conf': example })
  const own = `${folder.path}/nginx.conf`
  folder.write('nginx.conf', `daemon off; pid nginx.pid; events {} http { access_log off; include portico.conf; }\n`)
  const child = spawn('nginx', ['-p', folder.path, '-c', own, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let printed = ''
  child.stderr.on('data', (text: Buffer) => (printed += text.toString()))
  const origin = `http://127.0.0.1:${port}`
  await eventually('nginx listens', async () => {
    if (child.exitCode !== null) throw new Error(`Cannot start nginx: it printed ${printed}`)
    return (await fetch(origin).catch(() => null)) !== null
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await once(child, 'close')
    folder.remove()
  }
  return { origin, stop }
}
