import { doorContract } from '../contract/acceptor.js'
import { FakeDoor } from './fake-acceptor.js'

doorContract('FakeDoor', () => {
  const door = new FakeDoor()
  return { door, connect: async (to) => door.connect(to) }
})
