import { connect } from 'node:net'
import type { Transport, TransportReceiver } from '../../../ports/serving/transport.js'
import { EpollListener } from './epoll-listener.js'
import { SharedBuffers } from './epoll-transport.js'
import { loadSystemCalls, type LoadedCalls } from './system-calls.js'

/** The machine's own, where nothing is in the way but what is amiss with us. */
const LOOPBACK = { host: '127.0.0.1', port: 0 }

/** What goes there and back takes less than a millisecond. */
const TIMEOUT_MS = 2000

/** Two: the second shows that the event loop is woken more than once. */
const ROUNDS = 2

/**
 * Tries the sockets out: an octet goes there and back over loopback, through all that they are made of.
 *
 * @returns what system calls are made through, such as `koffi 3.3.4`
 * @throws {Error} that says why there can be none here
 */
export async function checkSockets(load: () => LoadedCalls = loadSystemCalls): Promise<string> {
  const { calls, through } = load()
  const tools = { calls, buffers: new SharedBuffers(1024), highWaterMark: 1024, selectTimeoutMs: TIMEOUT_MS }
  const listener = new EpollListener(tools)
  const listening = await listener.listen(LOOPBACK, (transport) => transport.start(new Echo(transport)))
  try {
    await roundTrips(listening.address.port)
  } finally {
    await listening.close()
  }
  return through
}

/** Sends back what arrives. */
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

function roundTrips(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, LOOPBACK.host)
    let rounds = 0
    const late = setTimeout(() => socket.destroy(new Error('a try over loopback had no answer')), TIMEOUT_MS)
    socket.on('connect', () => socket.write('.'))
    socket.on('data', () => (++rounds < ROUNDS ? socket.write('.') : socket.end()))
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(late)
      if (rounds === ROUNDS) resolve()
      else reject(new Error('a try over loopback was cut short'))
    })
  })
}
