import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { Address, Listener, Listening, ListenError, Transport } from '../../src/ports/serving/transport.js'
import { Recorder } from './transport.js'
import { SocketPeer } from '../adapters/socket/raw-peer.js'
import { eventually } from '../support/waiting.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

/**
 * The contract that every implementation of a listener must keep.
 *
 * @param make a listener whose transports read at most `readChunkSize` octets at a time
 */
export function listenerContract(name: string, make: (readChunkSize: number) => Listener): void {
  describe(`${name} keeps the contract of a listener`, () => {
    const open: Listening[] = []

    async function listen(accept: (transport: Transport) => void, at = ANY_PORT, readChunkSize = 65_536) {
      const listening = await make(readChunkSize).listen(at, accept)
      open.push(listening)
      return listening
    }

    async function failure(at: Address): Promise<ListenError> {
      try {
        await listen(() => {}, at)
      } catch (error) {
        return error as ListenError
      }
      throw new Error('Found a listener that listens, wanted an error')
    }

    afterEach(async () => {
      for (const listening of open.splice(0)) await listening.close()
    })

    it('picks a free port for port 0, and returns its number', async () => {
      const { address } = await listen(() => {})
      assert.equal(address.host, '127.0.0.1')
      assert.isAbove(address.port, 0)
    })

    it('says that a port is in use, and what to do', async () => {
      const { address } = await listen(() => {})
      const error = await failure(address)
      assert.equal(error.code, 'EADDRINUSE')
      const { port } = address
      assert.equal(
        error.message,
        `Cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE). ` +
          'Stop the other program or pass --port (HTTPS: --https-port).',
      )
    })

    it('says that the machine does not have the address, and what to do', async () => {
      const error = await failure({ host: '2001:db8::1', port: 8080 })
      assert.match(error.message, /^Cannot listen on \[2001:db8::1\]:8080: .+ \(E[A-Z]+\)\. .+ --host .+\.$/)
    })

    it('says that a port is out of range', async () => {
      const error = await failure({ host: '127.0.0.1', port: 70_000 })
      assert.equal(error.code, 'ERR_SOCKET_BAD_PORT')
      assert.match(error.message, /^Cannot listen on 127\.0\.0\.1:70000: /)
    })

    it('listens on IPv6', async function () {
      let peer = ''
      const accept = (transport: Transport): void => {
        peer = transport.peer.address
        transport.start(new Recorder())
        transport.endWriting()
      }
      const listening = await listen(accept, { host: '::1', port: 0 }).catch(() => this.skip())
      const client = await SocketPeer.to(listening.address)
      client.end()
      await client.closed
      assert.equal(peer, '::1')
    })

    describe('on a unix socket', () => {
      let folder: string
      let at: Address

      beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'portico-listener-'))
        at = { host: `unix:${folder}/s`, port: 0 }
      })
      afterEach(() => rmSync(folder, { recursive: true }))

      const serve = (transport: Transport): void => {
        const seen = new Recorder()
        seen.onOctets = (text) => void transport.write(`${transport.peer.address}${text}`)
        transport.start(seen)
      }

      async function answer(): Promise<string> {
        const peer = await SocketPeer.to(at)
        peer.send('hello')
        await eventually('the answer', () => peer.reads.length > 0)
        peer.reset()
        return peer.reads.join('')
      }

      it('accepts connections, and removes the socket when it closes', async () => {
        const listening = await listen(serve, at)
        assert.deepEqual(listening.address, at)
        assert.equal(await answer(), 'unix:hello')
        await listening.close()
        assert.deepEqual(readdirSync(folder), [])
      })

      it('replaces a socket whose process ended without removing it', async () => {
        await leaveStale(`${folder}/s`)
        assert.deepEqual(readdirSync(folder), ['s'])
        await listen(serve, at)
        assert.equal(await answer(), 'unix:hello')
      })

      it('says that a path is in use, and does not touch its socket', async () => {
        await listen(serve, at)
        assert.equal(
          (await failure(at)).message,
          `Cannot listen on ${at.host}: the path is in use (EADDRINUSE). ` +
            'Stop the program that listens there, remove the file, or pass --host with another path.',
        )
        assert.equal(await answer(), 'unix:hello')
      })

      it('does not remove a file that is not a socket', async () => {
        writeFileSync(`${folder}/s`, 'dear')
        assert.equal((await failure(at)).code, 'EADDRINUSE')
        assert.equal(readFileSync(`${folder}/s`, 'utf8'), 'dear')
      })

      it('says that the folder of the socket does not exist', async () => {
        const { message } = await failure({ host: `unix:${folder}/none/s`, port: 0 })
        assert.match(message, /^Cannot listen on unix:\S+\/none\/s: .+ \(E[A-Z]+\)\. .+\.$/)
      })
    })

    it('close() frees the port, keeps open connections, and may be called twice', async () => {
      const seen = new Recorder()
      const accepted: Transport[] = []
      const { address, close } = await listen((transport) => {
        accepted.push(transport)
        transport.start(seen)
      })
      const peer = await SocketPeer.to(address)
      await eventually('accept', () => accepted.length === 1)
      await Promise.all([close(), close()])
      peer.send('still open')
      await eventually('octets', () => seen.text === 'still open')
      const again = await listen(() => {}, address)
      assert.equal(again.address.port, address.port)
      accepted[0]!.abort()
      await peer.closed
    })

    it('does not mix the octets of connections that share a read buffer', async () => {
      const records = new Map<number, Recorder>()
      const { address } = await listen(
        (transport) => {
          const seen = new Recorder()
          seen.onOctets = (text) => void transport.write(text)
          records.set(transport.peer.port, seen)
          transport.start(seen)
        },
        ANY_PORT,
        16,
      )
      const peers = await Promise.all(Array.from({ length: 20 }, () => SocketPeer.to(address)))
      const texts = peers.map((_, at) => `${at}-`.repeat(50))
      for (let round = 0; round < 5; round++) peers.forEach((peer, at) => peer.send(texts[at]!))
      await eventually('echoes', () => peers.every((peer, at) => peer.reads.join('').length === texts[at]!.length * 5))
      peers.forEach((peer, at) => assert.equal(peer.reads.join(''), texts[at]!.repeat(5)))
      for (const peer of peers) peer.reset()
      await eventually('closed', () => [...records.values()].every(({ reasons }) => reasons.length === 1))
    })

    it('leaks no descriptor over 1000 short connections, half of them reset by the peer and half aborted', async function () {
      if (process.platform !== 'linux') this.skip()
      let closed = 0
      const { address } = await listen((transport) => {
        const seen = new Recorder()
        seen.closed = () => {
          closed++
        }
        seen.onOctets = (text) => (text === 'abort' ? transport.abort() : transport.write(text))
        transport.start(seen)
      })
      const before = descriptors()
      for (let round = 0; round < 20; round++) {
        const peers = await Promise.all(Array.from({ length: 50 }, () => SocketPeer.to(address)))
        for (const [at, peer] of peers.entries()) {
          if (at % 2 === 0) peer.reset()
          else peer.send('abort')
        }
        await Promise.all(peers.map((peer) => peer.closed))
      }
      await eventually('the last close', () => closed === 1000)
      assert.isAtMost(descriptors(), before + 2)
    })

    it('lets an error that a receiver throws go uncaught, and continues', async () => {
      const seen = new Recorder()
      const { address } = await listen((transport) => {
        seen.onOctets = (text) => {
          transport.write(text)
          if (text === 'throw') throw new Error('a bug above')
        }
        transport.start(seen)
      })
      const peer = await SocketPeer.to(address)
      const thrown = onceUncaught()
      peer.send('throw')
      assert.equal((await thrown).message, 'a bug above')
      peer.send(' on')
      await eventually('the answer', () => peer.reads.join('') === 'throw on')
      peer.reset()
      await eventually('closed', () => seen.reasons.length === 1)
    })
  })
}

/** Leaves a unix socket there whose process ended without closing it. */
function leaveStale(path: string): Promise<unknown> {
  const listen = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))'
  return once(spawn(process.execPath, ['-e', listen, path]), 'close')
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/** Resolves with the next uncaught exception, which mocha does not see. */
function onceUncaught(): Promise<Error> {
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  return new Promise((resolve) => {
    process.once('uncaughtException', (error) => {
      for (const listener of others) process.on('uncaughtException', listener)
      resolve(error)
    })
  })
}
