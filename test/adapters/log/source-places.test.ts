import { assert } from 'chai'
import { describe, it } from 'mocha'
import { withSourcePlaces } from '../../../src/adapters/log/source-places.js'

/** The folder of the compiled code that these tests run, which has no table of places. */
const FOLDER = new URL('../../../', import.meta.url).href

describe('withSourcePlaces()', () => {
  const stacks = [
    '',
    'Error: no place',
    `Error: x\n    at f (${FOLDER}src/app/main.js:1:2)\n    at g (${FOLDER}chunks/a.js:3:4)`,
    `${FOLDER}${FOLDER}x.js:1`,
    `Error: x\n    at f (${FOLDER}__proto__:1:2)`,
    'Error: x\n    at f (file:///elsewhere/chunks/a.js:3:4)',
  ]
  for (const stack of stacks) {
    it(`keeps places that are in no bundled file: ${JSON.stringify(stack.replaceAll(FOLDER, '…/'))}`, () =>
      assert.equal(withSourcePlaces(stack), stack))
  }

  for (const what of ['file://', FOLDER, `${FOLDER}a`, `${FOLDER}a.js:1`]) {
    it(`takes time in proportion to the length of a message: repeated ${what.replace(FOLDER, '…/')}`, () => {
      const message = what.repeat(Math.ceil(4_000_000 / what.length))
      assert.equal(withSourcePlaces(message), message)
    })
  }
})
