import { PassThrough } from 'node:stream'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { LineForwarder } from '../../../src/adapters/log/line-forwarder.js'
import { Sink } from '../../../src/adapters/log/sink.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { settled } from '../../app/serving/served.js'
import { ManualOutput } from './manual-output.js'

const BATCH_MS = 100

/** A forwarder, a function that adds a source, and the output of the lines. */
function setUp(sources = 1) {
  const clock = new FakeClock()
  const output = new ManualOutput()
  const sink = new Sink(output, clock)
  const forwarder = new LineForwarder(sink)
  const streams = Array.from({ length: sources }, () => new PassThrough())
  for (const stream of streams) forwarder.forward(stream)
  const written = async (): Promise<string> => {
    await settled()
    clock.advance(BATCH_MS)
    await settled()
    return output.text
  }
  return { clock, output, sink, forwarder, streams, source: streams[0]!, written }
}

describe('LineForwarder', () => {
  it('forwards whole lines, however they are split into pieces', async () => {
    const { source, written } = setUp()
    for (const piece of ['on', 'e\ntw', 'o\n', 'three\nfour\nfi', 've\n']) {
      source.write(piece)
      await settled()
    }
    assert.equal(await written(), 'one\ntwo\nthree\nfour\nfive\n')
  })

  it('never joins part of a line of one source to a line of another', async () => {
    const { streams, written } = setUp(2)
    const [one, other] = streams
    one!.write('half of ')
    await settled()
    other!.write('other\n')
    await settled()
    one!.write('one\n')
    assert.equal(await written(), 'other\nhalf of one\n')
  })

  it('drops the incomplete last line of a source', async () => {
    const { source, written } = setUp()
    source.end('whole\nhalf')
    assert.equal(await written(), 'whole\n')
  })

  it('does not split characters of several octets', async () => {
    const { source, written } = setUp()
    const octets = Buffer.from('größe\n')
    for (const octet of octets) {
      source.write(Buffer.of(octet))
      await settled()
    }
    assert.equal(await written(), 'größe\n')
  })

  it('drops a line that is too long, up to its end', async () => {
    const { source, written } = setUp()
    source.write('before\n')
    for (let piece = 0; piece < 7; piece++) {
      source.write('x'.repeat(60 * 1024))
      await settled()
    }
    source.write('end\nnext\n')
    await settled()
    source.write('last\n')
    assert.equal(await written(), 'before\nnext\nlast\n')
  })

  it('pauses while the sink is full, loses nothing, and resumes when there is room', async () => {
    const { source, written, sink, output, clock } = setUp()
    output.room = 0
    const line = `${'x'.repeat(1023)}\n`
    for (let count = 0; count < 2048; count++) source.write(line)
    await settled()
    clock.advance(BATCH_MS)
    await settled()
    assert.isTrue(source.isPaused())
    assert.isTrue(sink.isOverPauseLimit)
    output.room = Infinity
    for (let round = 0; round < 100 && source.readableLength > 0; round++) await written()
    assert.lengthOf((await written()).split('\n'), 2049)
  })

  it('pauses all of many sources before the sink drops lines of the next one', async () => {
    const { streams, sink, output, clock, written } = setUp(30)
    output.room = 0
    let dropped = 0
    sink.onRecovery((lines) => (dropped += lines))
    const piece = `${'x'.repeat(1023)}\n`.repeat(64)
    for (const source of streams) for (let count = 0; count < 4; count++) source.write(piece)
    await settled()
    clock.advance(BATCH_MS)
    await settled()
    assert.isTrue(streams.every((source) => source.isPaused()))
    output.room = Infinity
    for (let round = 0; round < 200 && streams.some(({ readableLength }) => readableLength > 0); round++)
      await written()
    assert.lengthOf((await written()).split('\n'), 30 * 4 * 64 + 1)
    assert.equal(dropped, 0)
  })

  it('does not start to read while the sink is full', async () => {
    const { source, sink, output, forwarder } = setUp()
    output.room = 0
    source.write(`${'x'.repeat(1023)}\n`.repeat(300))
    await settled()
    assert.isTrue(sink.isOverPauseLimit)
    const late = new PassThrough()
    forwarder.forward(late)
    late.write('late\n')
    await settled()
    assert.equal(late.readableLength, 5)
  })

  it('waits for the last lines of sources that end', async () => {
    const { source, forwarder, written } = setUp()
    const flushed = forwarder.flush()
    source.end('last\n')
    await flushed
    assert.equal(await written(), 'last\n')
  })

  it('waits only briefly for a source that does not end', () => setUp().forwarder.flush())
})
