import { assert } from 'chai'
import { describe, it } from 'mocha'
import { PersistenceLines } from '../../../src/domain/connection/persistence-lines.js'

describe('PersistenceLines', () => {
  it('say close when the connection ends', () => {
    const lines = new PersistenceLines({ maxRequests: 100, keepAliveSeconds: 5 })
    assert.equal(lines.of(false, 1), 'Connection: close\r\n')
  })

  it('state how many requests are left', () => {
    const lines = new PersistenceLines({ maxRequests: 100, keepAliveSeconds: 5 })
    assert.equal(lines.of(true, 1), 'Connection: keep-alive\r\nKeep-Alive: timeout=5, max=99\r\n')
    assert.equal(lines.of(true, 99), 'Connection: keep-alive\r\nKeep-Alive: timeout=5, max=1\r\n')
  })

  it('state no number when there is no limit', () => {
    const lines = new PersistenceLines({ maxRequests: 0, keepAliveSeconds: 75 })
    assert.equal(lines.of(true, 5000), 'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n')
  })
})
