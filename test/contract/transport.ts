// Longer than other files: the one list of everything that a transport must do, case by case.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { FilePart } from '../../src/ports/serving/file-part.js'
import type { CloseReason, Transport, TransportReceiver } from '../../src/ports/serving/transport.js'
import { eventually } from '../support/waiting.js'

/** The peer of a transport under test. It uses none of the code under test. */
export interface RawPeer {
  /** Sends latin1 text. */
  send(text: string): void
  /** The octets it read, as latin1, one string for each read. */
  readonly reads: readonly string[]
  /** It saw the transport's half-close. */
  readonly ended: boolean
  /** It saw a reset. */
  readonly cut: boolean
  /** Stops reading until `read`. */
  stall(): void
  read(): void
  /** Half-closes. */
  end(): void
  reset(): void
}

/** An implementation of transports, connected to peers. */
export interface TransportUnderTest {
  /** Set where a file that falls short cuts the connection at once, perhaps before the peer has read the octets before it. */
  readonly cutOvertakesReads?: true
  /** Unsent octets above which `write` returns false. */
  readonly highWaterMark: number
  /** Makes a connection whose transport is started with the receiver before anything else happens. */
  connect(receiver: (transport: Transport) => TransportReceiver): Promise<{ transport: Transport; peer: RawPeer }>
  close(): Promise<void>
}

/** A receiver that records every call; a test may react to octets and to the end. */
export class Recorder implements TransportReceiver {
  readonly calls: string[] = []
  readonly reasons: CloseReason[] = []
  text = ''
  onOctets: (text: string) => void = () => {}
  onEnded: () => void = () => {}

  octets(lent: Buffer): void {
    this.calls.push('octets')
    this.text += lent.toString('latin1')
    this.onOctets(lent.toString('latin1'))
  }

  ended(): void {
    this.calls.push('ended')
    this.onEnded()
  }

  drained(): void {
    this.calls.push('drained')
  }

  closed(reason: CloseReason): void {
    this.calls.push('closed')
    this.reasons.push(reason)
  }

  count(call: string): number {
    return this.calls.filter((made) => made === call).length
  }
}

/** Gives an event that must not happen time to happen. */
function grace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 15))
}

const MIB = 1024 * 1024

/**
 * More octets than the kernel accepts for a peer that reads nothing: those of its send buffer, and of the receive buffer at
 * its first size, since that grows only while the peer reads.
 */
const FLOOD = process.platform === 'linux' ? bufferSize('tcp_wmem', 2) + bufferSize('tcp_rmem', 1) + 4 * MIB : 32 * MIB

/** @param column of the kernel's setting: 0 minimum, 1 first size, 2 maximum, in bytes */
function bufferSize(setting: 'tcp_rmem' | 'tcp_wmem', column: number): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/${setting}`, 'utf8').split(/\s+/)[column])
}

/** The contract that every implementation of a transport must keep. */
export function transportContract(name: string, make: () => Promise<TransportUnderTest>): void {
  describe(`${name} keeps the contract of a transport`, () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) % 251))
    let subject: TransportUnderTest
    let folder: string
    let descriptor: number

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'portico-transport-'))
      writeFileSync(join(folder, 'content'), content)
      descriptor = openSync(join(folder, 'content'), 'r')
      subject = await make()
    })

    after(async () => {
      await subject.close()
      closeSync(descriptor)
      rmSync(folder, { recursive: true })
    })

    async function connect(): Promise<{ transport: Transport; peer: RawPeer; seen: Recorder }> {
      const seen = new Recorder()
      return { ...(await subject.connect(() => seen)), seen }
    }

    /** A part of the content's file, the text in it, and the results with which it was released. */
    function part(offset: number, length: number): { part: FilePart; releases: (Error | null)[]; text: string } {
      const releases: (Error | null)[] = []
      const released = (error: Error | null): void => void releases.push(error)
      const text = content.subarray(offset, offset + length).toString('latin1')
      return { part: { descriptor, offset, length, released }, releases, text }
    }

    function readBy(peer: RawPeer): string {
      return peer.reads.join('')
    }

    /** Without joining the reads: a test that waits for a flood calls this again and again. */
    function lengthReadBy(peer: RawPeer): number {
      return peer.reads.reduce((sum, { length }) => sum + length, 0)
    }

    async function finish(transport: Transport, seen: Recorder): Promise<void> {
      transport.abort()
      await eventually('closed', () => seen.reasons.length > 0)
    }

    /** A connection with unsent octets, because its peer has stopped reading. */
    async function flooded(): Promise<{ transport: Transport; peer: RawPeer; seen: Recorder }> {
      const pair = await connect()
      pair.peer.stall()
      assert.isFalse(pair.transport.write(Buffer.alloc(FLOOD, 'x')))
      await grace()
      return pair
    }

    describe('reading', () => {
      it('delivers octets in order', async () => {
        const { transport, peer, seen } = await connect()
        peer.send('one ')
        peer.send('two ')
        peer.send('th\u00e9')
        await eventually('octets', () => seen.text === 'one two th\u00e9')
        await finish(transport, seen)
      })

      it('delivers nothing while paused, and everything in order when resumed', async () => {
        const { transport, peer, seen } = await connect()
        transport.pause()
        peer.send('later')
        peer.end()
        await grace()
        assert.deepEqual(seen.calls, [])
        transport.resume()
        await eventually('the end', () => seen.count('ended') === 1)
        assert.equal(seen.text, 'later')
        await finish(transport, seen)
      })

      it('pauses when pause() is called while octets are delivered', async () => {
        const { transport, peer, seen } = await connect()
        seen.onOctets = () => transport.pause()
        peer.send('first')
        await eventually('octets', () => seen.text === 'first')
        peer.send('second')
        await grace()
        assert.equal(seen.text, 'first')
        transport.resume()
        await eventually('octets', () => seen.text === 'firstsecond')
        await finish(transport, seen)
      })

      it('knows the address of its peer, even after the end', async () => {
        const { transport, peer, seen } = await connect()
        peer.reset()
        await eventually('closed', () => seen.reasons.length > 0)
        assert.match(transport.peer.address, /^[0-9a-f.:]+$/)
        assert.isAbove(transport.peer.port, 0)
      })
    })

    describe('writing', () => {
      it('sends text as latin1 and octets unchanged, in order', async () => {
        const { transport, peer, seen } = await connect()
        transport.write('a\u00e9')
        transport.write(Buffer.from([0xff, 0x00]))
        transport.write(new Uint8Array([0x62]))
        transport.write(Buffer.alloc(5000, 'd'))
        transport.write('c')
        transport.write('')
        await eventually('all of it', () => readBy(peer) === `a\u00e9\u00ff\u0000b${'d'.repeat(5000)}c`)
        await finish(transport, seen)
      })

      const gathered: [written: string, write: (transport: Transport) => void, wanted: string][] = [
        ['strings', (t) => ['a', 'b', 'c'].forEach((text) => t.write(text)), 'abc'],
        ['strings and octets', (t) => ['a', Buffer.from('b'), 'c'].forEach((piece) => t.write(piece)), 'abc'],
        [
          'strings and many octets',
          (t) => ['a', Buffer.alloc(2000, 'b'), 'c'].forEach((piece) => t.write(piece)),
          `a${'b'.repeat(2000)}c`,
        ],
        [
          'a head and a small file',
          (t) => (t.write('a'), t.sendFile(part(0, 3).part), t.write('c')),
          'a\u0000\u0007\u000ec',
        ],
      ]
      for (const [written, write, wanted] of gathered) {
        it(`${written} written inside one call leave together`, async () => {
          const { transport, peer, seen } = await connect()
          seen.onOctets = () => write(transport)
          peer.send('go')
          await eventually('the answer', () => readBy(peer) === wanted)
          assert.deepEqual(peer.reads, [wanted])
          await finish(transport, seen)
        })

        it(`${written} written in one turn leave together`, async () => {
          const { transport, peer, seen } = await connect()
          write(transport)
          await eventually('the answer', () => readBy(peer) === wanted)
          assert.deepEqual(peer.reads, [wanted])
          await finish(transport, seen)
        })
      }

      it('write() returns true below the high-water mark, and drained() does not follow', async () => {
        const { transport, peer, seen } = await connect()
        assert.isTrue(transport.write('little'))
        await eventually('all of it', () => readBy(peer) === 'little')
        await grace()
        assert.equal(seen.count('drained'), 0)
        await finish(transport, seen)
      })

      it('write() returns false above the high-water mark, and drained() follows once', async () => {
        const { transport, peer, seen } = await connect()
        assert.isFalse(transport.write('x'.repeat(subject.highWaterMark + 1)))
        assert.isFalse(transport.write('y'))
        assert.equal(seen.count('drained'), 0)
        await eventually('drained', () => seen.count('drained') === 1)
        await eventually('all of it', () => lengthReadBy(peer) === subject.highWaterMark + 2)
        await grace()
        assert.equal(seen.count('drained'), 1)
        assert.isTrue(transport.write('z'))
        await finish(transport, seen)
      })

      it('keeps unsent octets and withholds drained() while the peer does not read', async () => {
        const { transport, peer, seen } = await flooded()
        const stalledAt = transport.unsent
        assert.isAbove(stalledAt, 0)
        assert.equal(seen.count('drained'), 0)
        peer.read()
        await eventually('drained', () => seen.count('drained') === 1)
        assert.equal(transport.unsent, 0)
        await finish(transport, seen)
      })

      it('keeps the order of text and files that are written while the peer does not read', async () => {
        const { transport, peer, seen } = await flooded()
        const file = part(5, 100_000)
        transport.write('before ')
        transport.sendFile(file.part)
        transport.write(' behind')
        peer.read()
        const wanted = `before ${file.text} behind`
        await eventually('all of it', () => lengthReadBy(peer) === FLOOD + wanted.length)
        assert.isTrue(readBy(peer).endsWith(wanted))
        await finish(transport, seen)
      })
    })

    describe('files', () => {
      it('sends files and text in order, and releases each file once', async () => {
        const { transport, peer, seen } = await connect()
        const files = [part(0, 200_000), part(299_990, 10), part(65_536, 65_536)]
        for (const [at, file] of files.entries()) {
          transport.write(`<${at}>`)
          assert.isFalse(transport.sendFile(file.part))
        }
        transport.write('<end>')
        const wanted = `${files.map(({ text }, at) => `<${at}>${text}`).join('')}<end>`
        await eventually('all of it', () => lengthReadBy(peer) === wanted.length)
        assert.isTrue(readBy(peer) === wanted)
        await eventually('drained', () => seen.count('drained') === 1)
        assert.deepEqual(
          files.map(({ releases }) => releases),
          [[null], [null], [null]],
        )
        assert.equal(transport.unsent, 0)
        await finish(transport, seen)
      })

      it('sendFile() returns true below the high-water mark, and drained() does not follow', async () => {
        const { transport, peer, seen } = await connect()
        const file = part(10, 1000)
        assert.isTrue(transport.sendFile(file.part))
        assert.deepEqual(file.releases, [])
        await eventually('release', () => file.releases.length === 1)
        await eventually('all of it', () => readBy(peer) === file.text)
        await grace()
        assert.deepEqual([file.releases, seen.calls], [[null], []])
        await finish(transport, seen)
      })

      it('releases a part without octets, after sendFile() has returned', async () => {
        const { transport, seen } = await connect()
        const empty = part(0, 0)
        assert.isTrue(transport.sendFile(empty.part))
        assert.deepEqual(empty.releases, [])
        await eventually('release', () => empty.releases.length === 1)
        assert.deepEqual(empty.releases, [null])
        await finish(transport, seen)
      })

      it('aborts the connection when a file is shorter than its promised length', async () => {
        const { transport, peer, seen } = await connect()
        const file = part(100_000, 200_001)
        const next = part(0, 10)
        transport.sendFile(file.part)
        transport.sendFile(next.part)
        await eventually('closed', () => seen.reasons.length > 0)
        await eventually('releases', () => file.releases.length + next.releases.length === 2)
        // libuv reports a reset after unread octets as an end; the missing octets show that it was a reset.
        const mayLookEnded = subject.cutOvertakesReads === true
        await eventually('the cut', () => peer.cut || (mayLookEnded && peer.ended))
        assert.isBelow(readBy(peer).length, 200_001)
        assert.match(file.releases[0]!.message, /^Cannot send the file: it ended /)
        assert.instanceOf(next.releases[0], Error)
        assert.deepEqual(seen.reasons, ['aborted'])
        assert.isFalse(peer.ended && !mayLookEnded)
      })

      const ends: [when: string, end: (transport: Transport, peer: RawPeer) => void, reason: CloseReason][] = [
        ['we abort', (transport) => transport.abort(), 'aborted'],
        ['the peer resets', (_, peer) => peer.reset(), 'reset'],
      ]
      for (const [when, end, reason] of ends) {
        it(`releases queued files, once and with an error, when ${when}`, async () => {
          const { transport, peer, seen } = await flooded()
          const files = [part(0, 100_000), part(1, 10)]
          for (const file of files) transport.sendFile(file.part)
          end(transport, peer)
          await eventually('releases', () => files.every(({ releases }) => releases.length > 0))
          await grace()
          for (const { releases } of files)
            assert.lengthOf(
              releases.filter((error) => error instanceof Error),
              1,
            )
          assert.deepEqual(seen.reasons, [reason])
        })

        it(`releases a file that is being sent, once, when ${when}`, async () => {
          const { transport, peer, seen } = await connect()
          peer.stall()
          const file = part(0, 300_000)
          const parts = Array.from({ length: 100 }, () => file.part)
          for (const each of parts) transport.sendFile(each)
          await grace()
          end(transport, peer)
          await eventually('releases', () => file.releases.length === parts.length)
          await grace()
          assert.lengthOf(file.releases, parts.length)
          assert.instanceOf(file.releases.at(-1), Error)
          assert.deepEqual(seen.reasons, [reason])
        })
      }
    })

    describe('ending', () => {
      it('can still write after the peer half-closed', async () => {
        const { transport, peer, seen } = await connect()
        seen.onEnded = () => {
          transport.write('late')
          transport.endWriting()
        }
        peer.send('go')
        peer.end()
        await eventually('closed', () => seen.reasons.length > 0)
        await eventually('the answer', () => peer.ended)
        assert.equal(readBy(peer), 'late')
        assert.deepEqual(seen.calls, ['octets', 'ended', 'closed'])
        assert.deepEqual(seen.reasons, ['ended'])
        assert.isFalse(peer.cut)
      })

      it('half-closes after everything written, and continues to read', async () => {
        const { transport, peer, seen } = await connect()
        const file = part(0, 150_000)
        transport.write('head')
        transport.sendFile(file.part)
        transport.endWriting()
        await eventually('the end', () => peer.ended)
        assert.isTrue(readBy(peer) === `head${file.text}`)
        peer.send('still here')
        await eventually('octets', () => seen.text === 'still here')
        peer.end()
        await eventually('closed', () => seen.reasons.length > 0)
        assert.deepEqual(seen.reasons, ['ended'])
      })

      it('refuses to send anything after endWriting()', async () => {
        const { transport, peer, seen } = await connect()
        const file = part(0, 10)
        transport.write('all')
        transport.endWriting()
        transport.endWriting()
        assert.isFalse(transport.write('more'))
        assert.isFalse(transport.sendFile(file.part))
        await eventually('the end', () => peer.ended)
        assert.equal(readBy(peer), 'all')
        assert.instanceOf(file.releases[0], Error)
        await finish(transport, seen)
      })

      it('abort() resets the connection, and closed() comes after abort() has returned', async () => {
        const { transport, peer, seen } = await connect()
        transport.abort()
        assert.deepEqual(seen.calls, [])
        await eventually('the cut', () => peer.cut)
        await eventually('closed', () => seen.reasons.length > 0)
        assert.deepEqual(seen.reasons, ['aborted'])
        assert.isFalse(peer.ended)
      })

      it('abort() inside a call of the receiver drops everything that was written in that call', async () => {
        const { transport, peer, seen } = await connect()
        seen.onOctets = () => {
          transport.write('never seen')
          transport.abort()
        }
        peer.send('go')
        await eventually('closed', () => seen.reasons.length > 0)
        await eventually('the cut', () => peer.cut)
        assert.equal(readBy(peer), '')
        assert.deepEqual(seen.calls, ['octets', 'closed'])
      })

      for (const [when, wait] of [
        ['in the same turn as', () => Promise.resolve()],
        ['after', grace],
      ] as const) {
        it(`abort() ${when} endWriting() closes`, async () => {
          const { transport, seen } = await connect()
          transport.write('all')
          transport.endWriting()
          await wait()
          transport.abort()
          await eventually('closed', () => seen.reasons.length > 0)
          assert.deepEqual(seen.reasons, ['aborted'])
        })
      }

      it('close() closes the connection, and everything written before still arrives', async () => {
        const { transport, peer, seen } = await connect()
        transport.write('all')
        transport.endWriting()
        await eventually('the end', () => peer.ended)
        transport.close()
        await eventually('closed', () => seen.reasons.length > 0)
        assert.deepEqual(seen.reasons, ['ended'])
        assert.equal(readBy(peer), 'all')
        assert.isFalse(peer.cut)
      })

      it('is not reset when both sides end while reading is paused, and reads the rest when resumed', async () => {
        const { transport, peer, seen } = await connect()
        transport.pause()
        peer.send('early')
        transport.endWriting()
        peer.end()
        await eventually('our end', () => peer.ended)
        await grace()
        assert.deepEqual(seen.calls, [])
        transport.resume()
        await eventually('closed', () => seen.reasons.length > 0)
        assert.deepEqual([seen.text, seen.calls, seen.reasons], ['early', ['octets', 'ended', 'closed'], ['ended']])
      })

      it('isLost reports a reset while reading is paused', async () => {
        const { transport, peer, seen } = await connect()
        assert.isFalse(transport.isLost)
        transport.pause()
        peer.reset()
        await eventually('the loss', () => transport.isLost)
        transport.abort()
        await eventually('closed', () => seen.reasons.length > 0)
        assert.isTrue(transport.isLost)
      })

      it('abort() resets the connection while the peer does not read', async () => {
        const { transport, peer, seen } = await flooded()
        transport.abort()
        await eventually('closed', () => seen.reasons.length > 0)
        peer.read()
        // libuv reports a reset after unread octets as an end; the missing octets show that it was a reset.
        await eventually('the cut', () => peer.cut || peer.ended)
        assert.isBelow(readBy(peer).length, FLOOD)
        assert.equal(transport.unsent, 0)
      })

      it('closes after a reset by the peer, and writing meanwhile throws nothing', async () => {
        const { transport, peer, seen } = await connect()
        peer.reset()
        for (let turns = 0; turns < 5; turns++) {
          transport.write('into the void')
          await new Promise((resolve) => setImmediate(resolve))
        }
        await eventually('closed', () => seen.reasons.length > 0)
        assert.deepEqual(seen.reasons, ['reset'])
      })

      it('does nothing in any method after the end, except that sendFile() still releases its part', async () => {
        const { transport, seen } = await connect()
        transport.abort()
        const early = part(0, 10)
        assert.isFalse(transport.sendFile(early.part))
        await eventually('closed', () => seen.reasons.length > 0)
        const late = part(0, 10)
        assert.isFalse(transport.write('nothing'))
        assert.isFalse(transport.sendFile(late.part))
        transport.pause()
        transport.resume()
        transport.endWriting()
        transport.close()
        transport.abort()
        await grace()
        assert.equal(transport.unsent, 0)
        assert.deepEqual(seen.calls, ['closed'])
        for (const { releases } of [early, late]) assert.lengthOf(releases, 1)
        assert.instanceOf(late.releases[0], Error)
      })
    })
  })
}
