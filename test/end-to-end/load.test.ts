import { assert } from 'chai'
import { afterEach, it } from 'mocha'
import { describeOnEachEngine, garbageOctets } from './support/engines.js'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { residentBytes, HAS_PROC } from './support/process-facts.js'
import { startServer, type RunningServer } from './support/server.js'

const UPLOAD_OCTETS = 256 * 1024 * 1024
const PIECE_OCTETS = 1024 * 1024
/** The growth of the server itself while it warms up, including garbage. */
const SLACK_OCTETS = 96 * 1024 * 1024

/** Runs a client program in its own process. Returns the JSON that it prints. */
async function run(program: string, ...parameters: (string | number)[]): Promise<Record<string, number>> {
  const file = fileURLToPath(new URL(`./support/${program}-child.js`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...parameters.map(String)], { timeout: 30_000 })
  return JSON.parse(stdout) as Record<string, number>
}

describeOnEachEngine('load', () => {
  let server: RunningServer

  afterEach(async () => {
    if (server.program.isRunning) await server.stop('SIGKILL')
  })

  it('2000 connections at once: each is answered', async () => {
    // With threads, all requests wait at once.
    server = await startServer({ flags: ['--set', 'threadpool.queueSize=2000'] })
    assert.deepEqual(await run('crowd', server.port, 2000), { answered: 2000, failed: 0 })
    assert.equal((await server.stop()).code, 0)
  })

  for (const [rule, pipelining] of [
    ['kept alive', 1],
    ['pipelined by 16', 16],
  ] as const) {
    it(`3 seconds of requests ${rule}: no error, and only 2xx`, async () => {
      // autocannon counts the end of a connection as a reset, even if it is in order.
      server = await startServer({ flags: ['--set', 'maxKeepAliveRequests=0', '--set', 'log.access=false'] })
      const { requests, ...troubles } = await run('cannon', `${server.origin}/`, 50, pipelining, 3)
      assert.deepEqual(troubles, { errors: 0, timeouts: 0, non2xx: 0, resets: 0 })
      assert.isAbove(requests!, 1000)
    })
  }

  it('an upload is echoed in constant memory, with every octet intact', async () => {
    server = await startServer({
      flags: ['--set', `limits.bodyBytes=${UPLOAD_OCTETS * 2}`, '--set', `limits.requestBytes=${UPLOAD_OCTETS * 2}`],
    })
    const { pid } = server.program
    const [sent, received] = [createHash('sha1'), createHash('sha1')]
    let peak = 0
    const upload = httpRequest(`${server.origin}/submit`, {
      method: 'POST',
      headers: { 'Content-Length': UPLOAD_OCTETS },
    })
    const piece = randomBytes(PIECE_OCTETS)
    const content = function* (): Generator<Buffer> {
      for (let at = 0; at < UPLOAD_OCTETS; at += PIECE_OCTETS) {
        piece.writeUInt32BE(at >>> 0)
        const own = Buffer.from(piece)
        sent.update(own)
        yield own
      }
    }
    const uploaded = pipeline(Readable.from(content(), { highWaterMark: 1 }), upload)
    const [response] = (await once(upload, 'response')) as [IncomingMessage]
    const before = HAS_PROC ? residentBytes(pid) : 0
    let octets = 0
    for await (const each of response as AsyncIterable<Buffer>) {
      received.update(each)
      octets += each.length
      if (HAS_PROC && octets % 7 === 0) peak = Math.max(peak, residentBytes(pid))
    }
    await uploaded
    assert.deepEqual([octets, received.digest('hex')], [UPLOAD_OCTETS, sent.digest('hex')])
    assert.isBelow(peak - before, SLACK_OCTETS + garbageOctets())
  })
})
