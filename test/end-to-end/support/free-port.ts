import { createServer, type AddressInfo } from 'node:net'

/** A free port of the loopback interface, for programs that cannot pick one themselves. */
export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    }),
  )
}
