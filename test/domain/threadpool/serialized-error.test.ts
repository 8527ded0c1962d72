import { assert } from 'chai'
import { describe, it } from 'mocha'
import { serializeError, deserializeError } from '../../../src/domain/threadpool/serialized-error.js'
import { BadContentError } from '../../../src/domain/message/bad-content-error.js'

const described = (value: unknown): string => `a ${typeof value}`
const crossing = (thrown: unknown): unknown => deserializeError(structuredClone(serializeError(thrown, described)))

describe('An error that crosses', () => {
  it('keeps its name, message, stack, code and cause', () => {
    class OddError extends Error {
      override readonly name = 'OddError'
      readonly code = 'E_ODD'
      readonly helper = () => 'cannot be copied'
    }
    const thrown = new OddError('odd', { cause: new RangeError('root') })
    const revived = crossing(thrown) as OddError
    assert.instanceOf(revived, Error)
    assert.deepEqual([revived.name, revived.message, revived.code], ['OddError', 'odd', 'E_ODD'])
    assert.equal(revived.stack, thrown.stack)
    assert.deepEqual([(revived.cause as Error).name, (revived.cause as Error).message], ['RangeError', 'root'])
  })

  it('is still what tells of bad content', () => {
    assert.instanceOf(crossing(new BadContentError('bad')), BadContentError)
    assert.notInstanceOf(crossing(new SyntaxError('bad')), BadContentError)
  })

  for (const value of ['text', 5, 5n, true, null, undefined]) {
    it(`is a value where it was one: ${String(value)}`, () => assert.strictEqual(crossing(value), value))
  }

  it('is described where it cannot cross', () => {
    assert.equal(crossing({ a: () => 1 }), 'a object')
    assert.equal(crossing(Symbol('s')), 'a symbol')
  })

  it('crosses when its causes go in a circle, or its getters throw', () => {
    const circle = new Error('circle')
    circle.cause = circle
    assert.equal((crossing(circle) as Error).message, 'circle')
    const broken = new Error('broken')
    Object.defineProperty(broken, 'message', { get: () => assert.fail('cannot be read') })
    assert.equal(crossing(broken), 'an error that cannot be described')
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.equal(crossing(proxy), 'an error that cannot be described')
  })
})
