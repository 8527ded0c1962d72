import { after, before, describe, it } from 'mocha'
import { garbageOctets, onEachEngine } from './support/engines.js'
import { PacedReader } from './support/paced-reader.js'
import { residentBytes, HAS_PROC } from './support/process-facts.js'
import { get } from '../wire/requests.js'
import type { RunningServer } from './support/server.js'
import { TryingSite } from './support/trying-site.js'
import { eventually } from '../support/waiting.js'

const READERS = 200
const PER_READER_OCTETS = 64 * 1024
/** A piece that the transport has not sent yet, and at most one that waits. */
const PIECES_PER_READER = 2
/** The growth of the server itself while it warms up: code, heap and shared buffers. */
const SLACK_OCTETS = 24 * 1024 * 1024

const describeOnLinux = onEachEngine(HAS_PROC ? describe : describe.skip)

describeOnLinux('memory, while readers stall', () => {
  const site = new TryingSite({
    'site/big.bin': Buffer.alloc(20 * 1024 * 1024, 'b'),
  })
  let server: RunningServer

  before(async () => {
    server = await site.start()
  })
  after(async () => {
    await server.stop('SIGKILL')
    site.remove()
  })

  for (const target of ['/static/big.bin', '/flood']) {
    it(`${READERS} readers of ${target} use at most ${PER_READER_OCTETS} bytes each`, async () => {
      const warm = new PacedReader(server, get(target))
      await warm.take(1_000_000)
      const before = residentBytes(server.program.pid)
      const externalBefore = await external()
      const readers = Array.from({ length: READERS }, () => new PacedReader(server, get(target)))
      await Promise.all(readers.map((reader) => reader.take(1)))
      let last = -1
      await eventually('the server sends no more', async () => {
        const sent = await bytesOut()
        const isStill = sent - last < 10_000
        last = sent
        return isStill
      })
      const pieces = READERS * PIECES_PER_READER * PER_READER_OCTETS
      await eventually('the memory outside of the heap holds only those pieces', async () => {
        return (await external()) < externalBefore + pieces
      })
      const most = before + READERS * PER_READER_OCTETS + SLACK_OCTETS + garbageOctets()
      // The system gets collected memory back a little later.
      await eventually(`the resident memory is below ${most} bytes`, async () => {
        await external()
        return residentBytes(server.program.pid) < most
      })
      for (const reader of [warm, ...readers]) reader.reset()
      await eventually('no other connection is left', async () => (await metrics()).connections.active <= 2)
    })
  }

  async function metrics(): Promise<{ bytes: { out: number }; connections: { active: number } }> {
    const response = await fetch(`${server.origin}/_metrics`)
    return (await response.json()) as Awaited<ReturnType<typeof metrics>>
  }

  const external = async (): Promise<number> => Number(await (await fetch(`${server.origin}/external`)).text())
  const bytesOut = async (): Promise<number> => (await metrics()).bytes.out
})
