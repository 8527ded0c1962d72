import { connect } from 'node:net'
import type { Transport, TransportReceiver } from '../../../ports/serving/transport.js'
import { EpollListener } from './epoll-listener.js'
import { SharedBuffers } from './shared-buffers.js'
import { loadSystemCalls, type LoadedCalls } from './system-calls.js'

/** Loopback: no network or firewall can make the check fail, only our sockets. */
const LOOPBACK = { host: '127.0.0.1', port: 0 }

/** The round trips take less than a millisecond. */
const TIMEOUT_MS = 2000

/** Two round trips: the second shows that the event loop is woken more than once. */
const ROUNDS = 2

/**
 * Tries epoll sockets out: sends an octet to and fro over loopback, through every part that they are made of.
 *
 * @param timeoutMs time for the round trips
 * @returns the package that makes the system calls, with its version, such as `koffi 3.3.4`
 * @throws {Error} that says why epoll sockets do not work here
 */
export async function checkSockets(
  load: () => LoadedCalls = loadSystemCalls,
  timeoutMs: number = TIMEOUT_MS,
): Promise<string> {
  const { calls, through } = load()
  const tools = { calls, buffers: new SharedBuffers(1024), highWaterMark: 1024, selectTimeoutMs: timeoutMs }
  const listener = new EpollListener(tools)
  const listening = await listener.listen(LOOPBACK, (transport) => transport.start(new Echo(transport)))
  try {
    await roundTrips(listening.address.port, timeoutMs)
  } finally {
    await listening.close()
  }
  return through
}

/** Sends back the octets that arrive. */
class Echo implements TransportReceiver {
  constructor(private readonly transport: Transport) {}

  octets(lent: Buffer): void {
    this.transport.write(Buffer.from(lent))
  }

  ended(): void {
    this.transport.endWriting()
  }

  drained(): void {}
  closed(): void {}
}

function roundTrips(port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, LOOPBACK.host)
    let rounds = 0
    const timer = setTimeout(
      () => socket.destroy(new Error(`a test connection over loopback had no answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    socket.on('connect', () => socket.write('.'))
    socket.on('data', () => (++rounds < ROUNDS ? socket.write('.') : socket.end()))
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      if (rounds === ROUNDS) resolve()
      else reject(new Error('a test connection over loopback was closed before its answer'))
    })
  })
}
