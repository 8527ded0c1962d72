import { assert } from 'chai'
import { describe, it } from 'mocha'
import { readCases, unescape } from './wire-case.js'

describe('unescape(): the escapes of a wire case', () => {
  const cases: [text: string, octets: string, rule: string][] = [
    ['a b', 'a b', 'most characters stand for themselves'],
    ['\\r\\n\\t\\0\\s', '\r\n\t\0 ', 'invisible octets'],
    ['\\x00\\x7f\\xff', '\x00\x7f\xff', 'octets by their number'],
    ['\\\\r', '\\r', 'a backslash'],
    ['{a*3}', 'aaa', 'a repeat'],
    ['{a*b*2}', 'a*ba*b', 'a repeat of a star'],
    ['{\\r\\n*2}', '\r\n\r\n', 'a repeat of escapes'],
    ['{a{b*2}*2}', 'abbabb', 'a repeat in a repeat'],
    ['/{|}^`', '/{|}^`', 'braces that repeat nothing'],
    ['\\{a*3\\}', '{a*3}', 'braces that must not'],
  ]
  for (const [text, octets, rule] of cases) it(rule, () => assert.equal(unescape(text), octets))
})

describe('readCases()', () => {
  it('reads the sent octets and the expected events', () => {
    const [first, second, ...others] = readCases(
      [
        'Some prose.',
        '',
        '# one',
        '! fields 3',
        '> POST / HTTP/1.1\\n\\',
        '> a\\\\',
        '>',
        '< begins POST / HTTP/1.1',
        '<   content: a b',
        '<   trailer x: y: z',
        '<   closes',
        '< 400 bare-lf',
        '',
        '# two',
        '> x\\',
        '< waits',
      ].join('\n'),
    )
    assert.isEmpty(others)
    assert.deepInclude(first, {
      name: 'one',
      limits: { fields: 3 },
      end: { kind: 'refusal', status: 400, rule: 'bare-lf' },
    })
    assert.equal(String(first!.octets), 'POST / HTTP/1.1\na\\\r\n\r\n')
    const expected = { method: 'POST', target: '/', version: 'HTTP/1.1', begins: true, closes: true, path: null }
    assert.deepInclude(first!.requests[0], { ...expected, content: Buffer.from('a b') })
    assert.deepEqual(first!.requests[0]!.trailers, [['x', 'y: z']])
    assert.deepInclude(second, { name: 'two', requests: [], end: { kind: 'waits' } })
    assert.equal(String(second!.octets), 'x')
  })

  const wrong: [text: string, rule: string][] = [
    ['# a\n> x', 'a case without expectation'],
    ['# a\n> x\n< GET / HTTP/1.1\n<   colour: red', 'an unknown detail'],
    ['# a\n > x\n< waits', 'a line that is almost valid'],
  ]
  for (const [text, rule] of wrong) it(`refuses ${rule}`, () => assert.throws(() => readCases(text), /^Cannot read /))
})
