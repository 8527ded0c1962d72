import { assert } from 'chai'
import { describe, it } from 'mocha'
import {
  endpointKept,
  endpointOf,
  ipAddress,
  keptEndpoint,
  unixAddress,
} from '../../../../src/adapters/socket/epoll/socket-address.js'

describe('socket addresses', () => {
  const cases: [given: string, shown: string][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['255.0.10.1', '255.0.10.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:db8:0:0:0:0:0:7', '2001:db8::7'],
    ['2001:db8::1:0:0:7', '2001:db8::1:0:0:7'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:0:3:0:5:0:7:0', '1:0:3:0:5:0:7:0'],
    ['::ffff:10.1.2.3', '::ffff:10.1.2.3'],
    ['fe80::1%2', 'fe80::1%2'],
  ]
  for (const [given, shown] of cases) {
    it(`${given} is read back as ${shown}`, () => {
      const address = ipAddress(given, 65_000)
      const wanted = { address: shown, port: 65_000 }
      assert.deepEqual(endpointOf(address, address.length), wanted)
      assert.deepEqual(endpointKept(keptEndpoint(address, address.length)), wanted)
    })
  }

  it('reads an empty path for a unix socket that was not bound', () => {
    assert.deepEqual(endpointOf(Buffer.from([1, 0]), 2), { address: 'unix:', port: 0 })
  })

  it('reads the path of a unix socket up to its NUL', () => {
    const address = Buffer.from('\u0001\u0000/run/s\u0000garbage', 'latin1')
    assert.deepEqual(endpointOf(address, address.length), { address: 'unix:/run/s', port: 0 })
  })

  it('reads back the path that was written', () => {
    const address = unixAddress('/run/ü')
    assert.deepEqual(endpointOf(address, address.length), { address: 'unix:/run/ü', port: 0 })
  })
})
