import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  entityTagOf,
  matchesStrongly,
  matchesWeakly,
  parseEntityTags,
  type EntityTagList,
} from '../../../src/domain/representation/entity-tag.js'

const FILE = { size: 1024, modifiedMs: 1_700_000_000_123.456, changedMs: 1_700_000_000_123.456, inode: 4711 }

describe('Entity tags', () => {
  const changes: [change: Partial<typeof FILE>, rule: string][] = [
    [{ size: 1025 }, 'its size'],
    [{ modifiedMs: FILE.modifiedMs + 0.001 }, 'its content, a microsecond later'],
    [{ changedMs: FILE.changedMs + 0.001 }, 'its inode, a microsecond later'],
    [{ inode: 4712 }, 'the file under its name'],
    [{ modifiedMs: -1 }, 'its date to one before 1970'],
  ]
  for (const [change, rule] of changes) {
    it(`entityTagOf(): changes when a file changes ${rule}`, () => {
      assert.notEqual(entityTagOf({ ...FILE, ...change }), entityTagOf(FILE))
    })
  }

  it('entityTagOf(): differs between content codings, and is strong and well formed in each', () => {
    const tags = [entityTagOf(FILE), entityTagOf(FILE, 'gzip'), entityTagOf(FILE, 'br')]
    assert.equal(new Set(tags).size, 3)
    for (const tag of tags) {
      assert.deepEqual(parseEntityTags(tag), [tag])
      assert.isTrue(matchesStrongly(tag, tag))
    }
  })

  it('entityTagOf(): uses identity when no coding is given', () => {
    assert.equal(entityTagOf(FILE), entityTagOf(FILE, 'identity'))
  })

  const lists: [text: string, expected: EntityTagList, rule: string][] = [
    ['*', '*', 'a star is any tag'],
    ['"a"', ['"a"'], 'one tag'],
    ['""', ['""'], 'an empty tag'],
    ['W/"a"', ['W/"a"'], 'a weak tag'],
    ['"a", W/"b" \t,"c"', ['"a"', 'W/"b"', '"c"'], 'several tags'],
    [',, "a" ,, "b",', ['"a"', '"b"'], 'empty members do not count (§5.6.1.2)'],
    ['"a,b"', ['"a,b"'], 'a comma within a tag'],
    ['"a\\", "b"', ['"a\\"', '"b"'], 'a backslash escapes nothing'],
    ['"\x80\xff!#~"', ['"\x80\xff!#~"'], 'all characters of etagc'],
    ['', [], 'an empty value'],
    ['a', [], 'a tag without quotes'],
    ['"a', [], 'a quote that is not closed'],
    ['"a" "b"', [], 'no comma between two'],
    ['"a"b', [], 'text after a tag'],
    ['"a b"', [], 'a space within a tag'],
    ['"a\tb"', [], 'a tab within a tag'],
    ['"a\x7f"', [], 'a control character within a tag'],
    ['w/"a"', [], 'a lower-case w'],
    ['W/ "a"', [], 'a space after W/'],
    ['W/a', [], 'a weak tag without quotes'],
    ['*, "a"', [], 'a star among tags'],
    ['"a", *', [], 'a star among tags'],
    ['"a", b', [], 'one malformed member makes the list invalid'],
  ]
  for (const [text, expected, rule] of lists) {
    it(`parseEntityTags(): ${rule} (${text})`, () => assert.deepEqual(parseEntityTags(text), expected))
  }

  it('parseEntityTags(): reads back every list of tags', () => {
    const opaque = fc.stringMatching(/^[\x21\x23-\x7e\x80-\xff]*$/)
    const tag = fc.tuple(fc.constantFrom('', 'W/'), opaque).map(([weakness, text]) => `${weakness}"${text}"`)
    fc.assert(
      fc.property(fc.array(tag), fc.constantFrom(',', ', ', ' ,\t'), (tags, comma) => {
        assert.deepEqual(parseEntityTags(tags.join(comma)), tags)
      }),
    )
  })

  const comparisons: [a: string, b: string, strong: boolean, weak: boolean][] = [
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', 'W/"1"', false, true],
    ['"1"', '"1"', true, true],
    ['"1"', '"2"', false, false],
  ]
  for (const [a, b, strong, weak] of comparisons) {
    it(`${a} and ${b} match as the table of §8.8.3.2 says`, () => {
      assert.deepEqual([matchesStrongly(a, b), matchesWeakly(a, b)], [strong, weak])
    })
  }
})
