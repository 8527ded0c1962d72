import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { traceIdOf, traceParentOf } from '../../../src/domain/message/trace-context.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

const cases: [traceparent: string | null, valid: boolean, rule: string][] = [
  [null, false, 'no field, no trace'],
  [`00-${TRACE}-${PARENT}-01`, true, 'version 00 with 55 characters is valid'],
  [`00-${TRACE}-${PARENT}-ff`, true, 'unknown flags are accepted'],
  [`00-${TRACE}-${PARENT}-01-x`, false, 'version 00 has exactly 55 characters'],
  [`00-${TRACE}-${PARENT}-01-`, false, 'version 00 does not go on after the flags'],
  [`01-${TRACE}-${PARENT}-01`, true, 'a later version may have 55 characters'],
  [`cc-${TRACE}-${PARENT}-01-what-the-future`, true, 'a later version may go on after a dash'],
  [`cc-${TRACE}-${PARENT}-01.what`, false, 'a later version goes on after a dash only'],
  [`ff-${TRACE}-${PARENT}-01`, false, 'version ff is forbidden'],
  [`0-${TRACE}-${PARENT}-011`, false, 'the version has two digits'],
  [`0g-${TRACE}-${PARENT}-01`, false, 'the version is hexadecimal'],
  [`00-${'0'.repeat(32)}-${PARENT}-01`, false, 'a trace id of zeros is invalid'],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, false, 'a parent id of zeros is invalid'],
  [`00-${TRACE.toUpperCase()}-${PARENT}-01`, false, 'digits are in lower case'],
  [`00-${TRACE}-${PARENT.toUpperCase()}-01`, false, 'digits of the parent are in lower case'],
  [`00-${TRACE}-${PARENT}-0G`, false, 'flags are hexadecimal'],
  [`00-${TRACE.slice(1)}g-${PARENT}-01`, false, 'the trace id is hexadecimal'],
  [`00-${TRACE}-${PARENT.slice(1)}g-01`, false, 'the parent id is hexadecimal'],
  [`00_${TRACE}-${PARENT}-01`, false, 'a dash ends the version'],
  [`00-${TRACE}_${PARENT}-01`, false, 'a dash ends the trace id'],
  [`00-${TRACE}-${PARENT}_01`, false, 'a dash ends the parent id'],
  [`00-${TRACE}-${PARENT}`, false, 'flags must not be missing'],
  [`00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`, false, 'the field must not be sent twice'],
  [`01-${TRACE}-${PARENT}-01, 01-${TRACE}-${PARENT}-01`, false, 'the field must not be sent twice in a later version'],
  ['', false, 'an empty value is invalid'],
]

describe('traceParentOf()', () => {
  for (const [traceparent, valid, rule] of cases) {
    it(rule, () => assert.equal(traceParentOf(traceparent) !== null, valid))
  }

  it('splits the field into its parts', () => {
    assert.deepEqual(traceParentOf(`00-${TRACE}-${PARENT}-a1`), { traceId: TRACE, parentId: PARENT, flags: 0xa1 })
  })
})

describe('traceIdOf()', () => {
  for (const [traceparent, valid, rule] of cases) {
    it(rule, () => assert.equal(traceIdOf(traceparent), valid ? TRACE : null))
  }

  it('agrees with the grammar of the specification on any value', () => {
    const grammar =
      /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|(?<!^00.{53})-.*$)/s
    const piece = fc.constantFrom('00', '01', 'ff', '-', '-', TRACE, PARENT, '0'.repeat(16), 'A', ',')
    const nearlyValid = fc
      .tuple(
        fc.constantFrom('00', '01', 'ff', 'fe', 'f'),
        fc.constantFrom(TRACE, '0'.repeat(32)),
        fc.string({ maxLength: 3 }),
      )
      .map(([version, trace, rest]) => `${version}-${trace}-${PARENT}-01${rest}`)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map((pieces) => pieces.join('')),
          nearlyValid,
        ),
        (value) => {
          assert.equal(traceIdOf(value), grammar.exec(value)?.[2] ?? null)
        },
      ),
    )
  })
})
