/**
 * A process that holds connections open. On a message with a number of connections, it opens them, sends one request on
 * each, waits for the responses, reports the number of open connections, and leaves them idle.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const [host, port] = process.argv.slice(2)
const REQUEST = `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`
const AT_ONCE = 50
/** Local addresses for the connections. One address has only about 28 000 ports. */
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
  // The response arrives in one piece, because it is far smaller than a segment on loopback.
  await once(socket, 'data')
}
