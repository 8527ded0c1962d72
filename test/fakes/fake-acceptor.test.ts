import { acceptorContract } from '../contract/acceptor.js'
import { FakeAcceptor } from './fake-acceptor.js'

acceptorContract('FakeAcceptor', () => {
  const acceptor = new FakeAcceptor()
  return { acceptor, connect: async (to) => acceptor.connect(to) }
})
