import { writeSync } from 'node:fs'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { Poller } from '../../../../src/adapters/socket/epoll/poller.js'
import { LINUX, type SystemCalls } from '../../../../src/adapters/socket/epoll/system-calls.js'
import { epollTools } from './epoll-tools.js'
import { eventually } from '../../../support/waiting.js'

const { EPOLLIN } = LINUX

const tools = epollTools()
if (tools === null) it('Poller: needs Linux and the package koffi (npm install koffi)')
else describePoller(tools.calls)

function describePoller(calls: SystemCalls): void {
  describe('Poller', () => {
    let poller: Poller
    let descriptors: number[]

    beforeEach(() => {
      poller = new Poller(calls, 60_000)
      descriptors = []
    })
    afterEach(() => {
      poller.close()
      for (const fd of descriptors) calls.close(fd)
    })

    /** The reading and the writing end. */
    function pipe(): [number, number] {
      const ends = new Int32Array(2)
      calls.pipe2(ends, LINUX.SOCK_CLOEXEC)
      descriptors.push(...ends)
      return [ends[0]!, ends[1]!]
    }

    function closeNow(fd: number): void {
      calls.close(fd)
      descriptors = descriptors.filter((each) => each !== fd)
    }

    /** Watches a descriptor without reading from it, so that it is reported in each turn. */
    function watch(fd: number, happened: () => void): void {
      poller.add(fd, EPOLLIN, { happened })
    }

    it('drops an event of a descriptor that was closed and reused meanwhile', async () => {
      const [first, second, third] = [pipe(), pipe(), pipe()]
      const reported: string[] = []
      watch(first[0], () => {
        poller.remove(first[0])
        poller.remove(second[0])
        closeNow(second[0])
        const reused = calls.fcntl(third[0], LINUX.F_DUPFD_CLOEXEC, second[0])
        descriptors.push(reused)
        assert.equal(reused, second[0], 'the kernel picks the lowest free number')
        watch(reused, () => reported.push('the new one'))
        reported.push('first')
      })
      watch(second[0], () => reported.push('the old one'))
      writeSync(first[1], '.')
      writeSync(second[1], '.')
      await eventually('the first', () => reported.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 10))
      assert.deepEqual(reported, ['first'])
      writeSync(third[1], '.')
      await eventually('the new one', () => reported.length > 1)
      assert.equal(reported[1], 'the new one')
      poller.remove(second[0])
    })

    it('reports nothing of a suspended descriptor, and its events when resumed', async () => {
      const [from, to] = pipe()
      let reports = 0
      watch(from, () => {
        reports++
        poller.suspend(from)
      })
      writeSync(to, '.')
      await eventually('the first', () => reports === 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
      assert.equal(reports, 1)
      poller.resume(from, EPOLLIN)
      await eventually('the second', () => reports === 2)
      poller.remove(from)
    })

    it('polls at its interval even if nothing wakes the event loop', async () => {
      const counting = { ...calls, epoll_wait: () => 0 } as SystemCalls
      let waits = 0
      counting.epoll_wait = (...args) => {
        waits++
        return calls.epoll_wait(...args)
      }
      const polling = new Poller(counting, 10)
      const [from] = pipe()
      polling.add(from, EPOLLIN, { happened: () => undefined })
      await eventually('three polls', () => waits >= 3)
      polling.remove(from)
      polling.close()
      const before = waits
      await new Promise((resolve) => setTimeout(resolve, 30))
      assert.equal(waits, before, 'a closed poller does not poll')
    })
  })
}
