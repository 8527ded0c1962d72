import { assert } from 'chai'
import { describe, it } from 'mocha'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'
import { KILLED, Supervised } from './supervised.js'

const TIMEOUT_MS = DEFAULT_SETTINGS.workerTimeoutMs

describe('HeartbeatMonitor of a supervisor', () => {
  describe('a worker that does not answer', () => {
    it('is killed after the timeout, and replaced', async () => {
      const supervised = await Supervised.start()
      supervised.processes[1]!.isResponsive = false
      await supervised.pass(TIMEOUT_MS - 100)
      assert.lengthOf(supervised.alive, 2)
      await supervised.pass(2500)
      assert.deepEqual(supervised.processes[1]!.end, KILLED)
      assert.deepInclude(supervised.events('worker lost')[0], { worker: 2, cause: 'unresponsive' })
      assert.lengthOf(supervised.alive, 2)
    })

    /** A supervisor with a worker that has left its heartbeat unanswered, and a way to pause the supervisor. */
    async function unanswered(workerTimeoutMs = TIMEOUT_MS) {
      const supervised = await Supervised.start({ settings: { workerTimeoutMs } })
      const [worker] = supervised.processes
      worker!.isResponsive = false
      await supervised.pass(1000)
      const { sentMs } = worker!.messages('heartbeat').at(-1)!
      const pause = (ms: number): void => {
        const now = supervised.clock.now.bind(supervised.clock)
        supervised.clock.now = () => now() + ms
      }
      const answer = async (): Promise<void> => {
        worker!.isResponsive = true
        worker!.emit({ kind: 'alive', sentMs })
        await settled()
      }
      return { supervised, pause, answer }
    }

    it('gets its whole time again when the supervisor itself was paused', async () => {
      const { supervised, pause, answer } = await unanswered()
      pause(20 * TIMEOUT_MS)
      await supervised.pass(500)
      await answer()
      await supervised.pass(2000)
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('is not killed while its answer may lie unread in the channel', async () => {
      const { supervised, pause, answer } = await unanswered(1500)
      pause(900)
      await supervised.pass(100)
      await answer()
      await supervised.pass(2000)
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('gets no connections, and those that it has not acknowledged go to another worker', async () => {
      const supervised = await Supervised.start()
      const [blocked, other] = supervised.processes
      blocked!.isResponsive = false
      const connections = [supervised.acceptor.connect(), supervised.acceptor.connect()]
      await settled()
      assert.deepEqual(
        connections.map(({ fate }) => fate),
        ['held', 'released'],
      )
      await supervised.pass(700)
      assert.lengthOf(other!.messages('connection'), 2)
      for (let each = 0; each < 4; each++) supervised.acceptor.connect()
      assert.lengthOf(blocked!.messages('connection'), 1)
      assert.lengthOf(other!.messages('connection'), 6)
    })
  })
})
