import { assert } from 'chai'
import { describe, it } from 'mocha'
import { serializeError, deserializeError } from '../../../src/domain/threadpool/serialized-error.js'
import { BadContentError } from '../../../src/domain/message/bad-content-error.js'

const described = (value: unknown): string => `a ${typeof value}`
const sent = (thrown: unknown): unknown => deserializeError(structuredClone(serializeError(thrown, described)))

describe('An error that is sent to another thread', () => {
  it('keeps its name, message, stack, code and cause', () => {
    class OddError extends Error {
      override readonly name = 'OddError'
      readonly code = 'E_ODD'
      readonly helper = () => 'cannot be copied'
    }
    const thrown = new OddError('odd', { cause: new RangeError('root') })
    const revived = sent(thrown) as OddError
    assert.instanceOf(revived, Error)
    assert.deepEqual([revived.name, revived.message, revived.code], ['OddError', 'odd', 'E_ODD'])
    assert.equal(revived.stack, thrown.stack)
    assert.deepEqual([(revived.cause as Error).name, (revived.cause as Error).message], ['RangeError', 'root'])
  })

  it('is still a BadContentError if it was one', () => {
    assert.instanceOf(sent(new BadContentError('bad')), BadContentError)
    assert.notInstanceOf(sent(new SyntaxError('bad')), BadContentError)
  })

  for (const value of ['text', 5, 5n, true, null, undefined]) {
    it(`is still a plain value if it was one: ${String(value)}`, () => assert.strictEqual(sent(value), value))
  }

  it('is replaced by a description if it cannot be sent', () => {
    assert.equal(sent({ a: () => 1 }), 'a object')
    assert.equal(sent(Symbol('s')), 'a symbol')
  })

  it('can be sent even if its causes are circular or its getters throw', () => {
    const circle = new Error('circle')
    circle.cause = circle
    assert.equal((sent(circle) as Error).message, 'circle')
    const broken = new Error('broken')
    Object.defineProperty(broken, 'message', { get: () => assert.fail('cannot be read') })
    assert.equal(sent(broken), 'an error that cannot be described')
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.equal(sent(proxy), 'an error that cannot be described')
  })
})
