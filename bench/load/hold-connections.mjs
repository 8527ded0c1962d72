/**
 * A process of its own that holds connections open: told how many more to open, it has one request answered on each and
 * says so, and then leaves them idle.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const [host, port] = process.argv.slice(2)
const REQUEST = `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`
const AT_ONCE = 50
/** Spreads the connections over local addresses, since one has no more than some 28 000 ports to give. */
const LOCAL_ADDRESSES = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']

const sockets = []

process.on('message', async ({ open }) => {
  for (let opened = 0; opened < open; opened += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, open - opened) }, openOne))
  }
  process.send({ held: sockets.filter((socket) => !socket.destroyed).length })
})
process.on('disconnect', () => process.exit())

async function openOne() {
  const localAddress = LOCAL_ADDRESSES[sockets.length % LOCAL_ADDRESSES.length]
  const socket = connect({ host, port: Number(port), localAddress })
  sockets.push(socket)
  socket.write(REQUEST)
  // The response is far smaller than a segment on loopback: one piece is all of it.
  await once(socket, 'data')
}
