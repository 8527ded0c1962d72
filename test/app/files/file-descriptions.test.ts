import { assert } from 'chai'
import { describe, it } from 'mocha'
import { FileDescriptions } from '../../../src/app/files/file-descriptions.js'
import { NO_RESPONSE_FIELDS, ResponseFields } from '../../../src/domain/message/response-fields.js'
import type { FileFacts } from '../../../src/ports/serving/files.js'

const NOW = Date.UTC(2026, 0, 1)
const FACTS: FileFacts = { size: 3, modifiedMs: NOW - 5000, changedMs: NOW - 4000, inode: 7 }

/** Descriptions, and the paths whose media type was asked for: one for each description that is made. */
function setUp() {
  const asked: string[] = []
  const types = (path: string): string => (asked.push(path), path === 'b' ? 'text/css' : 'text/plain')
  return { asked, descriptions: new FileDescriptions(types, () => NOW) }
}

describe('FileDescriptions', () => {
  it('makes one description for a file that does not change', () => {
    const { asked, descriptions } = setUp()
    const once = descriptions.describe('a', FACTS, 'identity', NO_RESPONSE_FIELDS, false)
    const twice = descriptions.describe('a', { ...FACTS }, 'identity', NO_RESPONSE_FIELDS, false)
    assert.equal(once.whole, twice.whole)
    assert.deepEqual(asked, ['a'])
  })

  const others: [what: string, describe: (descriptions: FileDescriptions) => unknown][] = [
    ['a file that has grown', (all) => all.describe('a', { ...FACTS, size: 4 }, 'identity', NO_RESPONSE_FIELDS, false)],
    ['another file', (all) => all.describe('a', { ...FACTS, inode: 8 }, 'identity', NO_RESPONSE_FIELDS, false)],
    [
      'a file that was written to',
      (all) => all.describe('a', { ...FACTS, modifiedMs: NOW }, 'identity', NO_RESPONSE_FIELDS, false),
    ],
    [
      'a file whose inode changed',
      (all) => all.describe('a', { ...FACTS, changedMs: NOW }, 'identity', NO_RESPONSE_FIELDS, false),
    ],
    ['another path', (all) => all.describe('b', FACTS, 'identity', NO_RESPONSE_FIELDS, false)],
    ['another coding', (all) => all.describe('a', FACTS, 'br', NO_RESPONSE_FIELDS, false)],
    ['other fields', (all) => all.describe('a', FACTS, 'identity', new ResponseFields([['X', 'y']]), false)],
    ['a negotiated file', (all) => all.describe('a', FACTS, 'identity', NO_RESPONSE_FIELDS, true)],
  ]
  for (const [what, describeOther] of others) {
    it(`makes a new description for ${what}`, () => {
      const { asked, descriptions } = setUp()
      const first = descriptions.describe('a', FACTS, 'identity', NO_RESPONSE_FIELDS, false)
      assert.notDeepEqual(describeOther(descriptions), first)
      assert.lengthOf(asked, 2)
    })
  }

  it('does not keep the description of a file from the future, whose date is that of the response', () => {
    const { asked, descriptions } = setUp()
    const future = { ...FACTS, modifiedMs: NOW + 60_000 }
    for (let round = 0; round < 2; round++) descriptions.describe('a', future, 'identity', NO_RESPONSE_FIELDS, false)
    assert.lengthOf(asked, 2)
  })

  it('drops all descriptions when there are too many, and continues', () => {
    const { asked, descriptions } = setUp()
    for (let file = 0; file < 3000; file++)
      descriptions.describe(`${file}`, FACTS, 'identity', NO_RESPONSE_FIELDS, false)
    assert.lengthOf(asked, 3000)
    descriptions.describe('2999', FACTS, 'identity', NO_RESPONSE_FIELDS, false)
    assert.lengthOf(asked, 3000)
  })
})
