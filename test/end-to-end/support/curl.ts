import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readResponse, type RawResponse } from './response-reader.js'
import { within } from './within.js'
import { describeNeeding } from './needing.js'

export interface CurlRun {
  /** Final and interim, in order, as they stood on the wire. */
  readonly responses: readonly RawResponse[]
  /** The last of them. */
  readonly response: RawResponse
  /** What `--verbose` tells. */
  readonly told: string
  readonly code: number
}

/** What needs curl. */
export const describeWithCurl = describeNeeding('curl')

/**
 * Runs curl and reads what came, undecoded.
 *
 * @param input for `-T -` and `-d @-`
 * @throws {Error} when it shows no whole response
 */
export async function curl(parameters: readonly string[], input: string | Buffer = ''): Promise<CurlRun> {
  const child = spawn('curl', [
    '--silent',
    '--show-error',
    '--insecure',
    '--include',
    '--raw',
    '--max-time',
    '8',
    ...parameters,
  ])
  const shown: Buffer[] = []
  let told = ''
  child.stdout.on('data', (octets: Buffer) => shown.push(octets))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  // curl may have its answer before it has read everything.
  child.stdin.on('error', () => undefined).end(input)
  const [code] = (await within(once(child, 'close'), () => 'the end of curl', 10_000)) as [number]
  const responses = responsesIn(Buffer.concat(shown), methodOf(parameters))
  const response = responses.at(-1)
  if (response === undefined) throw new Error(`Cannot find a response: curl ended with ${code} and ${told}`)
  return { responses, response, told, code }
}

const methodOf = (parameters: readonly string[]): string => (parameters.includes('--head') ? 'HEAD' : 'GET')

function responsesIn(octets: Buffer, method: string): RawResponse[] {
  const responses: RawResponse[] = []
  for (let at = 0; at < octets.length;) {
    const read = readResponse(octets.subarray(at), method, true)
    if (typeof read === 'number') throw new Error('Cannot read what curl shows')
    responses.push(read.response)
    at += read.octets
  }
  return responses
}
