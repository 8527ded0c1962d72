import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { heaviest, preferences, weightOf } from '../../../src/domain/representation/quality-list.js'

describe('Lists of weighted names', () => {
  const weights: [text: string, expected: [name: string, weight: number][], rule: string][] = [
    ['gzip', [['gzip', 1]], 'without a weight, the weight is 1'],
    ['GZip;Q=0.5', [['gzip', 0.5]], 'case does not count'],
    ['gzip \t; \tq=0.5', [['gzip', 0.5]], 'white space around the semicolon does not count'],
    [
      'a;q=0, b;q=1, c;q=0., d;q=1., e;q=0.123, f;q=1.000',
      [
        ['a', 0],
        ['b', 1],
        ['c', 0],
        ['d', 1],
        ['e', 0.123],
        ['f', 1],
      ],
      'up to three digits after the point',
    ],
    [
      'a;q=2, b;q=1.001, c;q=0.1234, d;q=-1, e;q=.5, f;q=, g;q, h;q=x, i;q =1, j;q= 1, k;q="1"',
      [],
      'a member with a malformed weight is left out',
    ],
    ['a;x=1;q=0.5;y=2', [['a', 0.5]], 'other parameters are ignored'],
    ['a;x=";q=0.1";q=0.5', [['a', 0.5]], 'a weight inside quotes does not count'],
    ['a;quality=0.1;', [['a', 1]], 'a parameter whose name only begins with q is another one'],
  ]
  for (const [text, expected, rule] of weights) {
    it(`preferences(): ${rule}`, () => {
      assert.deepEqual(
        preferences(text),
        expected.map(([name, weight]) => ({ name, weight })),
      )
    })
  }

  it('weightOf(): finds the highest weight of a name, and distinguishes 0 from absence', () => {
    const list = preferences('a;q=0, b;q=0.2, b;q=0.4, b;q=0.3')
    assert.deepEqual([weightOf('a', list), weightOf('b', list), weightOf('c', list)], [0, 0.4, null])
  })

  it('heaviest(): prefers the earlier of equals, and never one whose weight is 0', () => {
    assert.equal(
      heaviest(['a', 'b', 'c'], (each) => ({ a: 1, b: 2, c: 2 })[each] ?? 0),
      'b',
    )
    assert.isNull(heaviest(['a'], () => 0))
    assert.isNull(heaviest([], () => 1))
  })

  it('preferences(): reads back every list of tokens and weights', () => {
    const token = fc.stringMatching(/^[a-z0-9*/+-]{1,8}$/)
    const member = fc.record({ name: token, weight: fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000) })
    fc.assert(
      fc.property(fc.array(member), (list) => {
        const text = list.map(({ name, weight }) => `${name};q=${weight}`).join(' , ')
        assert.deepEqual(preferences(text), list)
      }),
    )
  })

  it('preferences(): gives weights from 0 to 1 for any text', () => {
    const hostile = fc.stringMatching(/^[ab*/;,="\\ \tq01.]*$/)
    fc.assert(
      fc.property(hostile, (text) => {
        for (const { weight } of preferences(text)) assert.isTrue(weight >= 0 && weight <= 1)
      }),
    )
  })
})
