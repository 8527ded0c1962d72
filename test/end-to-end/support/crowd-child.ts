/**
 * A program that runs many clients: `crowd-child PORT COUNT`. All connect, and then all send a request at once. It prints the
 * number of 200 responses and the number of failures as JSON.
 */
import { connect, type Socket } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number) as [number, number]

function arrive(): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket))
    socket.on('error', () => resolve(null))
  })
}

function ask(socket: Socket | null): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket === null) {
      resolve(false)
      return
    }
    let received = ''
    socket.on('data', (octets) => {
      received += octets.toString('latin1')
      if (received.endsWith('Hello from Portico!\n')) resolve(received.startsWith('HTTP/1.1 200 '))
    })
    socket.on('close', () => resolve(false))
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  })
}

const sockets = await Promise.all(Array.from({ length: count }, arrive))
const answers = await Promise.all(sockets.map(ask))
process.stdout.write(
  JSON.stringify({ answered: answers.filter(Boolean).length, failed: answers.filter((each) => !each).length }),
)
for (const socket of sockets) socket?.destroy()
