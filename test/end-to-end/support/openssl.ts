import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { describeNeeding } from './needing.js'
import { within } from '../../support/waiting.js'

/** `describe` for tests that need openssl. */
export const describeWithOpenssl = describeNeeding('openssl')

/** Runs openssl. Returns its output on both streams. */
export async function openssl(...parameters: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('openssl', parameters)
  return stdout + stderr
}

/** The HTTPS server of openssl, on 127.0.0.1. */
export interface OpensslServer {
  readonly port: number
  stop(): Promise<void>
}

/** Starts `openssl s_server` with a certificate. */
export async function serveWithOpenssl(certFile: string, keyFile: string): Promise<OpensslServer> {
  const flags = ['-accept', '127.0.0.1:0', '-cert', certFile, '-key', keyFile, '-www']
  const child = spawn('openssl', ['s_server', ...flags], { stdio: ['ignore', 'pipe', 'ignore'] })
  const gone = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill()
    await gone
  }
  try {
    return { port: await within(portOf(child.stdout), () => 'openssl to listen'), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits for its line `ACCEPT 127.0.0.1:43210`. */
function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  let printed = ''
  return new Promise((resolve) => {
    stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const [, port] = /^ACCEPT .*:(\d+)\s/m.exec(printed) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/**
 * Sends a request with `openssl s_client`, and reads until the server ends the connection.
 *
 * @param request must make the server end the connection
 * @returns the output on both streams
 */
export async function sClient(port: number, request: string, ...flags: readonly string[]): Promise<string> {
  const parameters = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...flags]
  const child = spawn('openssl', parameters, { stdio: ['pipe', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('latin1').on('data', (text: string) => (printed += text))
  }
  child.stdin.on('error', () => undefined).write(request)
  await within(once(child, 'close'), () => `the end of openssl s_client; it printed ${JSON.stringify(printed)}`)
  return printed
}
