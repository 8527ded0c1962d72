import { assert } from 'chai'
import { describe, it } from 'mocha'
import { residentMemory } from '../../../src/adapters/metrics/resident-memory.js'

describe('residentMemory()', () => {
  it('is the memory that the process uses', () => {
    assert.isAbove(residentMemory()(), process.memoryUsage().heapUsed)
  })

  it('keeps its last value while it cannot be read', () => {
    const readings = [100, null, 300]
    const octets = residentMemory(() => {
      const reading = readings.shift()
      if (typeof reading !== 'number') throw new Error('EMFILE: too many open files, uv_resident_set_memory')
      return reading
    })
    assert.deepEqual([octets(), octets(), octets()], [100, 100, 300])
  })
})
