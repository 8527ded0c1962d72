import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { describeNeeding } from './needing.js'
import { within } from '../../support/waiting.js'

/** What needs openssl. */
export const describeWithOpenssl = describeNeeding('openssl')

/** @returns what it prints, on either stream */
export async function openssl(...parameters: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('openssl', parameters)
  return stdout + stderr
}

/** A server of HTTPS that is not ours, on 127.0.0.1. */
export interface OpensslServer {
  readonly port: number
  stop(): Promise<void>
}

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

/** It prints `ACCEPT 127.0.0.1:43210`, and may print on. */
function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  let said = ''
  return new Promise((resolve) => {
    stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const [, port] = /^ACCEPT .*:(\d+)\s/m.exec(said) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/**
 * Asks with `s_client`, and reads until the server ends the connection.
 *
 * @param request what is sent; it has to ask for the end
 * @returns all that it prints, on either stream
 */
export async function sClient(port: number, request: string, ...flags: readonly string[]): Promise<string> {
  const parameters = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...flags]
  const child = spawn('openssl', parameters, { stdio: ['pipe', 'pipe', 'pipe'] })
  let told = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('latin1').on('data', (text: string) => (told += text))
  }
  child.stdin.on('error', () => undefined).write(request)
  await within(once(child, 'close'), () => `the end of openssl s_client; it said ${JSON.stringify(told)}`, 20_000)
  return told
}
