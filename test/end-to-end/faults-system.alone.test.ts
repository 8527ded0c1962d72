import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { after, afterEach, describe, it } from 'mocha'
import { eventually, within } from '../support/waiting.js'
import { get } from '../wire/requests.js'
import { currentEngine, onEachEngine } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { metricsAt } from './support/metrics.js'
import { HAS_PROC, openDescriptors, processorMs } from './support/process-facts.js'
import { MAIN } from './support/program.js'
import { RawClient } from './support/raw-client.js'
import { TRYING_PLUGIN } from './support/trying-plugin.js'

const describeOnLinux = onEachEngine(HAS_PROC ? describe : describe.skip)

/** The latencies of sequential requests, in milliseconds and ascending. */
async function latenciesMs(port: number, count: number): Promise<number[]> {
  const client = await RawClient.connect(port)
  const latencies: number[] = []
  for (let request = 0; request < count; request++) {
    const begunMs = performance.now()
    client.send(get('/hello'))
    await client.response()
    latencies.push(performance.now() - begunMs)
  }
  client.close()
  return latencies.sort((a, b) => a - b)
}

describeOnLinux('faults of the system', () => {
  const folder = new TemporaryFolder({ 'plugins/trying.mjs': TRYING_PLUGIN })
  let child: ChildProcess
  let printed = ''

  /** Starts a server with a descriptor as its standard output. Returns its port. */
  async function start(output: number | 'ignore', flags: readonly string[] = []): Promise<number> {
    printed = ''
    const settings = ['--port', '0', '--engine', currentEngine(), '--plugins', `${folder.path}/plugins`]
    child = spawn(process.execPath, [MAIN, ...settings, '--log-format', 'json', ...flags], {
      stdio: ['ignore', output, 'pipe'],
      env: { PATH: process.env['PATH'] },
    })
    const listening = new Promise<number>((resolve) =>
      child.stderr!.on('data', (text: Buffer) => {
        printed += text.toString()
        const port = /listening on http:\/\/\S+:(\d+)\n/.exec(printed)?.[1]
        if (port !== undefined) resolve(Number(port))
      }),
    )
    return within(listening, () => `the banner: found ${printed}`)
  }

  async function stop(): Promise<number | null> {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await within(exited, () => `the end of the server: it printed ${printed}`)) as [number | null]
    return code
  }

  afterEach(() => {
    if (child.exitCode === null) child.kill('SIGKILL')
  })
  after(() => folder.remove())

  it('a log that is not read: latency stays the same, lines are dropped and counted, and SIGTERM ends the server', async () => {
    const fifo = `${folder.path}/log`
    execFileSync('mkfifo', [fifo])
    const held = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    try {
      const port = await start(held, ['--set', 'maxKeepAliveRequests=0'])
      await latenciesMs(port, 200)
      const before = await latenciesMs(port, 300)
      const flood = await RawClient.connect(port)
      for (let round = 0; round < 60; round++) {
        flood.send(get('/hello').repeat(100))
        for (let request = 0; request < 100; request++) await flood.response()
      }
      flood.close()
      assert.isAbove((await metricsAt(port)).accessLogDropped, 0)
      const blocked = await latenciesMs(port, 300)
      assert.isBelow(blocked[150]!, 3 * before[150]! + 1, 'the median')
      assert.isBelow(blocked[299]!, 500)
      const begunMs = performance.now()
      assert.equal(await stop(), 0)
      assert.isBelow(performance.now() - begunMs, 4000)
    } finally {
      closeSync(held)
    }
  })

  it('a log on a full disk: all requests are served, and SIGTERM ends the server', async () => {
    const full = openSync('/dev/full', 'w')
    try {
      const port = await start(full)
      const client = await RawClient.connect(port)
      for (let request = 0; request < 500; request++) {
        client.send(get('/hello'))
        assert.equal((await client.response()).status, 200)
      }
      client.close()
      assert.equal(await stop(), 0)
    } finally {
      closeSync(full)
    }
  })

  it('no descriptors left: no busy loop, open connections are served, and the server recovers', async () => {
    const port = await start('ignore')
    execFileSync('prlimit', ['--pid', String(child.pid), '--nofile=64'])
    const inside = await RawClient.connect(port)
    inside.send(get('/hello'))
    assert.equal((await inside.response()).status, 200)
    const crowd = await Promise.all(Array.from({ length: 150 }, () => RawClient.connect(port)))
    await eventually('no descriptor is left', () => openDescriptors(child.pid!) >= 60)
    const spentMs = processorMs(child.pid!)
    await setTimeout(400)
    // A busy loop would use all of this time.
    assert.isBelow(processorMs(child.pid!) - spentMs, 200, 'half of the time')
    for (const target of ['/hello', '/_metrics']) {
      inside.send(get(target))
      assert.equal((await inside.response()).status, 200, target)
    }
    for (const client of crowd) client.reset()
    inside.close()
    await eventually('the server accepts connections again', async () => {
      const client = await RawClient.connect(port)
      client.send(get('/hello'))
      const isServed = await client.response().then(
        ({ status }) => status === 200,
        () => false,
      )
      client.close()
      return isServed
    })
    assert.equal(await stop(), 0)
  })
})
