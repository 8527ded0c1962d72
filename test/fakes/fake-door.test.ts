import { doorContract } from '../contract/door.js'
import { FakeDoor } from './fake-door.js'

doorContract('FakeDoor', () => {
  const door = new FakeDoor()
  return { door, connect: async (to) => door.connect(to) }
})
