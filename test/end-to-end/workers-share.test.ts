import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { assert } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { get } from '../wire/requests.js'
import { eventually } from '../support/waiting.js'
import { TemporaryFolder } from './support/folder.js'
import { itNeeding } from './support/needing.js'
import { openDescriptors } from './support/process-facts.js'
import type { RawClient } from './support/raw-client.js'
import { startServer } from './support/server.js'
import { SteadyLoad } from './support/steady-load.js'
import { BROKEN_PLUGIN, SupervisedServer } from './support/supervised-server.js'

/** More descriptors than a worker of these tests needs. */
const PLENTY = 512

function limitDescriptors(pid: number, most: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`])
}

/** The message of a start that must fail. */
async function failureOf(start: Promise<unknown>): Promise<string> {
  try {
    await start
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('Expected a failure: the server started')
}

describe('Worker processes', () => {
  describe('share a port', () => {
    let supervised: SupervisedServer
    before(async () => (supervised = await SupervisedServer.start()))
    after(() => supervised.remove())

    it('and each gets the same number of connections', async () => {
      const answers: string[] = []
      for (let round = 0; round < 20; round++) answers.push(await supervised.ask('/pid'))
      for (const pid of supervised.pids)
        assert.lengthOf(
          answers.filter((each) => each === String(pid)),
          10,
        )
    })

    it('and any of them reports the metrics of all, in sum and per worker', async () => {
      const total = async (): Promise<number> => (await supervised.metrics()).requests.total
      const earlier = await total()
      for (let round = 0; round < 10; round++) await supervised.ask('/plain')
      assert.deepEqual([await total(), await total()], [earlier + 11, earlier + 12])
      const { workers } = JSON.parse(await supervised.ask('/_metrics?per=worker')) as { workers: { pid: number }[] }
      assert.sameMembers(
        workers.map(({ pid }) => pid),
        supervised.pids,
      )
    })

    it('and their number is in the banner and in the metrics', async () => {
      assert.match(supervised.server.program.stderr, /^portico serving with 2 workers, (epoll|net) sockets$/m)
      const { configured, ready, lost, reloads } = (await supervised.metrics()).workers
      assert.deepEqual(
        { configured, ready, lost, reloads },
        {
          configured: 2,
          ready: 2,
          lost: { died: 0, unresponsive: 0 },
          reloads: { done: 0, refused: 0 },
        },
      )
    })
  })

  describe('with servers of their own', () => {
    let supervised: SupervisedServer
    afterEach(() => supervised.remove())

    it('write one log, in whole lines, with one line for each request', async () => {
      supervised = await SupervisedServer.start()
      const load = new SteadyLoad(supervised.server.port, 16)
      await eventually('many requests are answered', () => load.tally.answered >= 300)
      const { answered, failures } = await load.stop()
      assert.deepEqual(failures, [])
      await supervised.server.stop()
      const lines = supervised.server.logLines().filter(({ target }) => target === '/plain')
      assert.lengthOf(lines, answered)
      assert.sameMembers([...new Set(lines.map(({ worker }) => worker))], [1, 2])
    })

    itNeeding('prlimit', 'util-linux')(
      'that run out of descriptors lose no connection, and get connections again',
      async () => {
        supervised = await SupervisedServer.start()
        const { server } = supervised
        const [victim] = supervised.pids as [number]
        const room = 5
        limitDescriptors(victim, openDescriptors(victim) + room)
        const crowd: RawClient[] = []
        for (let each = 0; each < 10 * room; each++) crowd.push(await server.connect())
        for (const client of crowd) client.send(get('/plain'))
        for (const client of crowd) assert.equal((await client.response()).status, 200)
        for (const client of crowd) client.close()
        limitDescriptors(victim, PLENTY)
        await eventually('the worker serves again', async () => (await supervised.ask('/pid')) === String(victim))
        assert.lengthOf(supervised.events('worker lost'), 0)
      },
    )
  })

  describe('that cannot start', () => {
    let folder: TemporaryFolder
    afterEach(() => folder.remove())

    const refusals: [problem: string, files: Readonly<Record<string, string>>, message: RegExp][] = [
      ['a broken plugin', { 'plugins/bad.js': BROKEN_PLUGIN }, /portico: .*bad\.js/],
      [
        'a process that ends',
        { 'plugins/bad.js': 'process.exit(7)\n' },
        /portico: Cannot start worker \d: it ended with code 7/,
      ],
    ]
    for (const [problem, files, message] of refusals) {
      it(`end the service with code 1, and ${problem} is named once`, async () => {
        folder = new TemporaryFolder(files)
        const failure = await failureOf(
          startServer({ flags: ['--workers', '2', '--plugins', `${folder.path}/plugins`] }),
        )
        assert.lengthOf(failure.split('portico: '), 2)
        assert.match(failure, message)
      })
    }

    it('end the service with code 1 when the port is in use', async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as AddressInfo
      const failure = await failureOf(startServer({ flags: ['--workers', '2', '--port', String(port)] }))
      other.close()
      assert.match(failure, /Cannot listen on 127\.0\.0\.1:\d+: the port is in use/)
    })
  })
})
