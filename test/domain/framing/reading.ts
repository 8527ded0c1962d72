import { assert } from 'chai'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'

/** The ProtocolError that the call throws, as `status rule`, or else its result. Any other error fails the test. */
export function outcomeOf<T>(call: () => T): T | string {
  try {
    return call()
  } catch (error) {
    assert.instanceOf(error, ProtocolError)
    return `${error.status} ${error.rule}`
  }
}

/** Octets that count how often each of them is read. */
export function countingOctets(text: string): { octets: Buffer; looks: number[] } {
  const source = Buffer.from(text, 'latin1')
  const looks = new Array<number>(source.length).fill(0)
  const octets = new Proxy(source, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) {
        looks[Number(key)]!++
        return target[Number(key)]
      }
      const value = Reflect.get(target, key, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { octets, looks }
}
