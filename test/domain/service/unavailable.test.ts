import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Unavailable } from '../../../src/domain/service/unavailable.js'

describe('Unavailable', () => {
  it('is an error that tells its rule', () => {
    const error = new Unavailable('queue-full', 'Cannot run a handler: found 256 requests waiting, wanted fewer')
    assert.instanceOf(error, Error)
    assert.equal(error.rule, 'queue-full')
    assert.match(String(error), /^Unavailable: Cannot run/)
  })
})
