import { assert } from 'chai'
import { describe, it } from 'mocha'
import { HEX_VALUE, IS_FIELD_VALUE, IS_TARGET, IS_TOKEN, LOWER } from '../../../src/domain/octets/octet-classes.js'

const OCTETS = Array.from({ length: 256 }, (_, octet) => octet)

const membersOf = (table: Uint8Array): string => String.fromCharCode(...OCTETS.filter((octet) => table[octet] === 1))

describe('octet classes', () => {
  it('token: letters, digits and fifteen others (RFC 9110 §5.6.2)', () => {
    const tokens = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~"
    assert.equal(membersOf(IS_TOKEN), tokens)
  })

  it('target: visible ASCII except five characters', () => {
    assert.equal(membersOf(IS_TARGET), String.fromCharCode(...OCTETS.slice(0x21, 0x7f)).replace(/["#<>\\]/g, ''))
  })

  it('field value: HTAB, SP, visible ASCII and 0x80 to 0xFF (RFC 9110 §5.5)', () => {
    const values = [0x09, ...OCTETS.slice(0x20, 0x7f), ...OCTETS.slice(0x80)]
    assert.equal(membersOf(IS_FIELD_VALUE), String.fromCharCode(...values))
  })

  it('lower case: only ASCII letters', () => {
    for (const octet of OCTETS) {
      const text = String.fromCharCode(octet)
      assert.equal(String.fromCharCode(LOWER[octet]!), octet < 0x80 ? text.toLowerCase() : text)
    }
  })

  it('hexadecimal: either case, 255 for the rest', () => {
    for (const octet of OCTETS) {
      const digit = '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase())
      assert.equal(HEX_VALUE[octet], octet < 0x80 && digit !== -1 ? digit : 255)
    }
  })
})
