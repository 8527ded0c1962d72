import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { FieldSection, NO_FIELDS } from '../../../src/domain/message/field-section.js'

describe('FieldSection (RFC 9110 §5)', () => {
  const fields = FieldSection.of([
    ['Host', 'a'],
    ['X-List', '1'],
    ['COOKIE', 'a=b'],
    ['x-list', ''],
    ['cookie', 'c=d'],
    ['X-List', '2, 3'],
    ['__proto__', 'p'],
    ['Content_Length', '5'],
    ['X~', 'tilde'],
  ])

  const combined: [name: string, value: string | null, rule: string][] = [
    ['host', 'a', 'a name in any case is found by its lower case'],
    ['x-list', '1, , 2, 3', 'lines of one name are joined by a comma (§5.2)'],
    ['cookie', 'a=b; c=d', 'lines of Cookie are joined by semicolons (RFC 6265 §5.4)'],
    ['__proto__', 'p', "a name from a language's own objects is ordinary"],
    ['constructor', null, 'a name of an object property is not found unless it was sent'],
    ['content-length', null, 'an underscore is not a hyphen'],
    ['x^', null, 'a caret is not a tilde'],
    ['hos', null, 'a part of a name is another name'],
    ['hosts', null, 'a longer name is another name'],
    ['', null, 'an empty name is not found'],
  ]
  for (const [name, value, rule] of combined) {
    it(rule, () => {
      assert.strictEqual(fields.get(name), value)
      assert.equal(fields.has(name), value !== null)
    })
  }

  it('getAll() keeps lines apart, in order', () => {
    assert.deepEqual(fields.getAll('x-list'), ['1', '', '2, 3'])
    assert.deepEqual(fields.getAll('none'), [])
  })

  it('iterates its lines in order, names in lower case', () => {
    assert.deepEqual([...fields].slice(0, 4), [
      ['host', 'a'],
      ['x-list', '1'],
      ['cookie', 'a=b'],
      ['x-list', ''],
    ])
    assert.equal([...fields].length, fields.size)
  })

  it('can be empty', () => {
    assert.equal(NO_FIELDS.size, 0)
    assert.deepEqual([...NO_FIELDS], [])
    assert.isNull(NO_FIELDS.get('host'))
  })

  it('reads from the middle of a text', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    assert.equal(new FieldSection(text, [16, 20, 22, 23]).get('host'), 'a')
  })

  it('finds the same lines as a plain search', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'ab', 'aB', 'a-b', 'a_b', '~', '^')
    const line = fc.tuple(
      name,
      fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)) }),
    )
    fc.assert(
      fc.property(fc.array(line), name, (lines, wanted) => {
        const section = FieldSection.of(lines)
        const low = wanted.toLowerCase()
        const values = lines.filter(([each]) => each.toLowerCase() === low).map(([, value]) => value)
        assert.deepEqual(section.getAll(low), values)
        assert.strictEqual(section.get(low), values.length === 0 ? null : values.join(', '))
        assert.deepEqual(
          [...section],
          lines.map(([each, value]) => [each.toLowerCase(), value]),
        )
      }),
    )
  })
})
