import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseResponses, type RawResponse } from '../../wire/response-parser.js'
import { describeNeeding } from './needing.js'
import { within } from '../../support/waiting.js'

/** The result of a run of curl. */
export interface CurlRun {
  /** Final and interim responses, in order, as they were on the wire. */
  readonly responses: readonly RawResponse[]
  /** The last of them. */
  readonly response: RawResponse
  /** The text that curl printed on standard error, such as the output of `--verbose`. */
  readonly printed: string
  readonly code: number
}

/** `describe` for tests that need curl. */
export const describeWithCurl = describeNeeding('curl')

/**
 * Runs curl and parses the responses that it received.
 *
 * @param input its standard input, for `-T -` and `-d @-`
 * @throws {Error} when curl received no whole response
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
  const output: Buffer[] = []
  let printed = ''
  child.stdout.on('data', (octets: Buffer) => output.push(octets))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  // curl may have its response before it has read all of its input.
  child.stdin.on('error', () => undefined).end(input)
  const [code] = (await within(once(child, 'close'), () => 'the end of curl')) as [number]
  const method = parameters.includes('--head') ? 'HEAD' : 'GET'
  const responses = parseResponses(Buffer.concat(output), [method])
  const response = responses.at(-1)
  if (response === undefined)
    throw new Error(`Cannot find a response of curl: it ended with code ${code} and printed ${JSON.stringify(printed)}`)
  return { responses, response, printed, code }
}
