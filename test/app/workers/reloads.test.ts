import { assert } from 'chai'
import { describe, it } from 'mocha'
import { KILLED, Supervised } from './supervised.js'

describe('Reloads of a supervisor', () => {
  describe('reload()', () => {
    it('replaces the workers one by one: the new worker is ready before the old one is retired', async () => {
      const supervised = await Supervised.start()
      const [first, second] = supervised.processes
      const order: string[] = []
      const retired = (): number => [first!, second!].filter((each) => each.messages('retire').length > 0).length
      supervised.log.info = (event: string) => order.push(`${event}, ${retired()} retired`)
      await supervised.reload({ serverName: 'new' })
      assert.deepEqual(order.slice(0, 2), ['worker started, 0 retired', 'worker started, 1 retired'])
      assert.equal(retired(), 2)
      const names = supervised.alive.map((each) => each.messages('start')[0]!.configuration.settings.serverName)
      assert.deepEqual(names, ['new', 'new'])
    })

    it('is counted, and no worker counts as lost', async () => {
      const supervised = await Supervised.start()
      await supervised.reload({})
      await supervised.reload({})
      assert.lengthOf(supervised.events('settings reloaded'), 2)
      assert.lengthOf(supervised.events('worker lost'), 0)
      assert.lengthOf(supervised.alive, 2)
    })

    it('is refused with all problems of the settings', async () => {
      const supervised = await Supervised.start()
      const problems = [{ key: 'port', found: '"x"', wanted: 'a port', origin: 'file' }]
      supervised.loaded = { problems }
      await supervised.reload({})
      assert.deepEqual(supervised.events('reload refused'), [{ problems }])
      assert.lengthOf(supervised.processes, 2)
    })

    it('is refused when the first new worker cannot start: the old workers stay', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'Cannot load plugins'
      await supervised.reload({})
      assert.deepEqual(supervised.events('reload refused'), [{ reason: 'Cannot load plugins' }])
      assert.deepEqual(supervised.alive, supervised.processes.slice(0, 2))
      assert.isTrue(supervised.alive.every((each) => each.messages('retire').length === 0))
    })

    it('is refused when the new address is in use', async () => {
      const supervised = await Supervised.start()
      supervised.acceptor.failure = Object.assign(new Error('Cannot listen on there: in use'), { code: 'EADDRINUSE' })
      await supervised.reload({ port: 81 })
      assert.deepEqual(supervised.events('reload refused'), [{ reason: 'Cannot listen on there: in use' }])
      assert.lengthOf(supervised.processes, 2)
    })

    it('moves to a new address: the old one is closed only after the new one is bound', async () => {
      const supervised = await Supervised.start({ settings: { port: 80 } })
      await supervised.reload({ port: 81 })
      assert.deepEqual(supervised.acceptor.open, [{ host: '127.0.0.1', port: 81 }])
      assert.equal(supervised.alive[0]!.messages('start')[0]!.configuration.addresses.http?.port, 81)
    })

    it('closes the new address again when it is refused', async () => {
      const supervised = await Supervised.start({ settings: { port: 80 } })
      supervised.failing = 'Cannot load plugins'
      await supervised.reload({ port: 81 })
      assert.deepEqual(supervised.acceptor.open, [{ host: '127.0.0.1', port: 80 }])
    })

    for (const workers of [1, 4]) {
      it(`changes 2 workers to ${workers}`, async () => {
        const supervised = await Supervised.start()
        await supervised.reload({ workers })
        assert.lengthOf(supervised.alive, workers)
      })
    }

    it('requested during a reload runs after it', async () => {
      const supervised = await Supervised.start()
      supervised.supervisor.reload()
      supervised.supervisor.reload()
      supervised.supervisor.reload()
      await supervised.pass(500)
      assert.lengthOf(supervised.events('settings reloaded'), 2)
    })

    it('requested during the start runs after it', async () => {
      const supervised = new Supervised()
      const started = supervised.supervisor.start()
      supervised.supervisor.reload()
      await started
      await supervised.pass(500)
      assert.lengthOf(supervised.events('settings reloaded'), 1)
    })

    it('tries again to replace a worker whose successor cannot start, while the old worker stays', async () => {
      const supervised = await Supervised.start()
      supervised.log.info = (event: string) => {
        if (event === 'worker started' && supervised.processes.length === 3) supervised.failing = 'Cannot start'
      }
      const reloading = supervised.reload({})
      await reloading
      assert.include(supervised.alive, supervised.processes[1])
      supervised.failing = null
      await supervised.pass(1000)
      assert.lengthOf(supervised.alive, 2)
      assert.notInclude(supervised.alive, supervised.processes[1])
    })

    it('replaces a worker only once when it dies while the next attempt to replace it waits', async () => {
      const supervised = await Supervised.start()
      await supervised.pass(10_000)
      supervised.log.info = (event: string) => {
        if (event === 'worker started' && supervised.processes.length === 3) supervised.failing = 'Cannot start'
      }
      await supervised.reload({})
      await supervised.pass(1000)
      const { length: attempts } = supervised.processes
      supervised.failing = null
      supervised.processes[1]!.endBy(KILLED)
      await supervised.pass(200)
      assert.lengthOf(supervised.processes, attempts + 1)
      await supervised.pass(5000)
      assert.lengthOf(supervised.processes, attempts + 1)
    })
  })
})
