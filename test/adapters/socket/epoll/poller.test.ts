import { writeSync } from 'node:fs'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { Poller } from '../../../../src/adapters/socket/epoll/poller.js'
import { LINUX, type SystemCalls } from '../../../../src/adapters/socket/epoll/system-calls.js'
import { until } from '../../../contract/transport.js'
import { epollTools } from './epoll-tools.js'

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

    /** Watches a descriptor, and reads nothing: it is told of in each turn. */
    function watch(fd: number, happened: () => void): void {
      poller.add(fd, EPOLLIN, { happened })
    }

    it('tells nobody of an event that a reused descriptor had before', async () => {
      const [first, second, third] = [pipe(), pipe(), pipe()]
      const told: string[] = []
      watch(first[0], () => {
        poller.remove(first[0])
        poller.remove(second[0])
        closeNow(second[0])
        const reused = calls.fcntl(third[0], LINUX.F_DUPFD_CLOEXEC, second[0])
        descriptors.push(reused)
        assert.equal(reused, second[0], 'the lowest that is free')
        watch(reused, () => told.push('the new one'))
        told.push('first')
      })
      watch(second[0], () => told.push('the old one'))
      writeSync(first[1], '.')
      writeSync(second[1], '.')
      await until('the first', () => told.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 10))
      assert.deepEqual(told, ['first'])
      writeSync(third[1], '.')
      await until('the new one', () => told.length > 1)
      assert.equal(told[1], 'the new one')
      poller.remove(second[0])
    })

    it('tells nothing of one that is suspended, and all of it when resumed', async () => {
      const [from, to] = pipe()
      let told = 0
      watch(from, () => {
        told++
        poller.suspend(from)
      })
      writeSync(to, '.')
      await until('the first', () => told === 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
      assert.equal(told, 1)
      poller.resume(from, EPOLLIN)
      await until('the second', () => told === 2)
      poller.remove(from)
    })

    it('looks by itself, should nothing wake the event loop', async () => {
      const deaf = { ...calls, epoll_wait: () => 0 } as SystemCalls
      let waits = 0
      deaf.epoll_wait = (...args) => {
        waits++
        return calls.epoll_wait(...args)
      }
      const looking = new Poller(deaf, 10)
      const [from] = pipe()
      looking.add(from, EPOLLIN, { happened: () => undefined })
      await until('looks', () => waits >= 3)
      looking.remove(from)
      looking.close()
      const before = waits
      await new Promise((resolve) => setTimeout(resolve, 30))
      assert.equal(waits, before, 'a poller that is closed looks no more')
    })
  })
}
