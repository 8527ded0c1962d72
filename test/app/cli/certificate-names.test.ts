import { assert } from 'chai'
import { describe, it } from 'mocha'
import { certificateName, certificateNames } from '../../../src/app/cli/certificate-names.js'

const LABEL_63 = 'a'.repeat(63)
const NAME_253 = `${[LABEL_63, LABEL_63, LABEL_63].join('.')}.${'b'.repeat(61)}`

describe('certificateName()', () => {
  const taken: [written: string, form: 'dns' | 'ip', text: string, rule: string][] = [
    ['app.test', 'dns', 'app.test', 'a DNS name'],
    ['localhost', 'dns', 'localhost', 'a single label'],
    ['a', 'dns', 'a', 'a single letter'],
    ['4you.test', 'dns', '4you.test', 'a label that begins with a digit (RFC 1123 §2.1)'],
    ['App.TEST', 'dns', 'app.test', 'upper case, which becomes lower case'],
    ['*.app.test', 'dns', '*.app.test', 'a wildcard'],
    ['bücher.test', 'dns', 'xn--bcher-kva.test', 'a name outside ASCII, in its form for DNS'],
    ['*.bücher.test', 'dns', '*.xn--bcher-kva.test', 'a wildcard outside ASCII'],
    [NAME_253, 'dns', NAME_253, '253 octets'],
    ['192.168.1.5', 'ip', '192.168.1.5', 'an IPv4 address'],
    ['::1', 'ip', '::1', 'an IPv6 address'],
    ['2001:DB8:0:0:0:0:0:1', 'ip', '2001:db8::1', 'an IPv6 address, in its shortest form'],
    ['::ffff:192.168.1.5', 'ip', '::ffff:c0a8:105', 'an IPv6 address that contains an IPv4 address'],
  ]
  for (const [written, form, text, rule] of taken) {
    it(`accepts ${rule}`, () => assert.deepEqual(certificateName(written), { form, text }))
  }

  const refused: [written: string, rule: string][] = [
    ['', 'an empty text'],
    [' ', 'a space'],
    ['a b', 'a space inside'],
    ['app.test ', 'a trailing space'],
    ['app.test.', 'a dot at the end'],
    ['.app.test', 'a dot at the beginning'],
    ['app..test', 'two dots in a row'],
    ['-app.test', 'a hyphen at the beginning of a label'],
    ['app-.test', 'a hyphen at the end of a label'],
    ['my_app.test', 'an underscore'],
    [`${LABEL_63}a.test`, 'a label of 64 octets'],
    [`${NAME_253}b`, '254 octets'],
    ['app.test:8443', 'a port'],
    ['https://app.test', 'a URL'],
    ['app.test/path', 'a path'],
    ['app.test,b.test', 'two names'],
    ['[::1]', 'brackets'],
    ['fe80::1%eth0', 'a zone'],
    ['1.2.3.256', 'a number too large for an address'],
    ['1.2.3', 'three numbers'],
    ['8080', 'a number'],
    ['::1::', 'a broken IPv6 address'],
    ['*', 'a wildcard for everything'],
    ['*.test', 'a wildcard below a top-level domain, which clients refuse'],
    ['a.*.test', 'a wildcard that is not the first label'],
    ['w*.app.test', 'a wildcard inside a label'],
    ['*.*.app.test', 'two wildcards'],
    ['*.1.2.3', 'a wildcard for addresses'],
    ['app.test\0', 'an octet 0'],
    ['app.test\n', 'a line end'],
    ['b\u00fccher test', 'a space in a name outside ASCII'],
  ]
  for (const [written, rule] of refused) it(`refuses ${rule}`, () => assert.isNull(certificateName(written)))
})

describe('certificateNames()', () => {
  const dns = (text: string) => ({ form: 'dns', text }) as const
  const textsOf = (...given: string[]): string[] => certificateNames(given.map(dns)).map(({ text }) => text)

  it('lists the names of this machine when none is given', () => {
    assert.deepEqual(certificateNames([]), [
      dns('localhost'),
      { form: 'ip', text: '127.0.0.1' },
      { form: 'ip', text: '::1' },
    ])
  })

  it('puts the given names first, because the first becomes the common name', () => {
    assert.deepEqual(textsOf('b.test', 'a.test'), ['b.test', 'a.test', 'localhost', '127.0.0.1', '::1'])
  })

  it('lists each name once', () => {
    assert.deepEqual(textsOf('a.test', 'localhost', 'a.test'), ['a.test', 'localhost', '127.0.0.1', '::1'])
  })
})
