import { assert } from 'chai'
import { describe, it } from 'mocha'
import { deferred } from '../../src/domain/deferred.js'

describe('deferred()', () => {
  it('resolves its promise with the value given', async () => {
    const { promise, resolve } = deferred<number>()
    resolve(7)
    assert.equal(await promise, 7)
  })

  it('rejects its promise with the error given', async () => {
    const { promise, reject } = deferred()
    const error = new Error('Cannot do it')
    reject(error)
    assert.equal(await promise.catch((each: unknown) => each), error)
  })
})
