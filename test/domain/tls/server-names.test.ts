import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ServerNames } from '../../../src/domain/tls/server-names.js'

describe('ServerNames', () => {
  const known = new ServerNames([
    { names: ['a.example', 'www.a.example'], value: 'a rsa' },
    { names: ['A.Example', 'a.example'], value: 'a ec' },
    { names: ['*.a.example'], value: 'wild' },
    { names: ['*.B.Example'], value: 'wild b' },
    { names: ['*.b.example'], value: 'wild b ec' },
    { names: [], value: 'nameless' },
  ])

  const cases: [rule: string, name: string, found: string[]][] = [
    ['all entries with the name, in order and each once', 'a.example', ['a rsa', 'a ec']],
    ['a name in any case', 'WWW.a.EXAMPLE', ['a rsa']],
    ['a name with the dot of the root after it', 'a.example.', ['a rsa', 'a ec']],
    ['the name itself before a wildcard', 'www.a.example', ['a rsa']],
    ['a wildcard for one label', 'mail.a.example', ['wild']],
    ['a wildcard in any case, all entries with it', 'x.b.example', ['wild b', 'wild b ec']],
    ['a wildcard with the dot of the root after the name', 'x.b.example.', ['wild b', 'wild b ec']],
    ['none for two labels before the rest', 'x.mail.a.example', []],
    ['none for no label before the rest', 'b.example', []],
    ['none for an empty label before the rest', '.b.example', []],
    ['none for another name', 'c.example', []],
    ['none for a name with the same ending', 'xa.example', []],
    ['none for two dots at the end', 'a.example..', []],
    ['none for an empty name', '', []],
  ]
  for (const [rule, name, found] of cases) {
    it(`finds ${rule}: "${name}"`, () => assert.deepEqual(known.find(name), found))
  }

  it('finds no name without entries', () => {
    assert.deepEqual(new ServerNames([]).find('a.example'), [])
  })

  it('treats names of object properties as ordinary names', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) assert.deepEqual(known.find(name), [])
  })
})
