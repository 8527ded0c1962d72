import { assert } from 'chai'
import { describe, it } from 'mocha'
import { DELIVERIES, type Delivery } from './deliveries.js'
import { Dialogue, LIMITS, type SeenRequest } from './dialogue.js'
import { wireCases, type ExpectedRequest, type WireCase } from './wire-case.js'

const CANARY = Buffer.from('GET /canary HTTP/1.1\r\nHost: canary\r\n\r\n')

/** The protocol rules by which a connection refuses requests; each needs cases. */
const RULES = [
  ...['request-line', 'leading-crlf', 'bare-lf', 'bare-cr', 'method', 'method-unknown'],
  ...['tls-on-plain', 'version-syntax', 'version'],
  ...['target-length', 'target', 'target-encoding', 'misdirected'],
  ...['field-name', 'field-folding', 'field-value', 'head-size', 'field-count', 'host'],
  ...['length-syntax', 'length-repeated', 'length-and-coding', 'content-too-large'],
  ...['coding-repeated', 'coding-unknown', 'coding-last', 'coding-1.0'],
  ...['chunk-size', 'chunk-extension', 'chunk-end', 'chunk-overhead', 'trailer', 'expectation'],
]

describe('wire cases', () => {
  const refusals = [...wireCases().values()].flat().map(({ end }) => (end?.kind === 'refusal' ? end.rule : null))
  for (const rule of RULES) {
    it(`several break the rule ${rule}`, () => {
      assert.isAtLeast(refusals.filter((each) => each === rule).length, 2)
    })
  }

  it('every rule that a case breaks is in the list', () => {
    assert.isEmpty(refusals.filter((rule) => rule !== null && !RULES.includes(rule)))
  })
})

for (const [file, cases] of wireCases()) {
  describe(`wire cases of ${file}`, () => {
    for (const wireCase of cases) {
      it(wireCase.name, () => {
        for (const delivery of DELIVERIES) check(wireCase, delivery)
      })
    }
  })
}

function check(wireCase: WireCase, delivery: Delivery): void {
  const { octets } = wireCase
  const { name } = delivery
  const alone = run(wireCase, delivery.cut(octets))
  checkRequests(wireCase, alone, name)
  checkEnd(wireCase, alone, name)
  checkHalfClose(wireCase, alone, `${name}, half-closed afterwards`)
  // The canary may become part of an unfinished request, such as its content.
  if (wireCase.end?.kind === 'waits') return
  checkCanary(wireCase, run(wireCase, [...delivery.cut(octets), CANARY]), `${name}, a canary afterwards`)
  checkCanary(
    wireCase,
    run(wireCase, delivery.cut(Buffer.concat([octets, CANARY]))),
    `${name}, a canary in the same delivery`,
  )
}

function run({ limits }: WireCase, pieces: readonly Buffer[]): Dialogue {
  return Dialogue.of(pieces, { limits: { ...LIMITS, ...limits } })
}

function checkRequests({ requests: expected }: WireCase, { requests: seen }: Dialogue, delivery: string): void {
  assert.deepEqual(
    seen.map(({ head }) => `${head.method} ${head.target} HTTP/1.${head.minor}`),
    expected.map(({ method, target, version }) => `${method} ${target} ${version}`),
    `requests, ${delivery}`,
  )
  expected.forEach((request, at) => checkRequest(request, seen[at]!, delivery))
}

function checkRequest(expected: ExpectedRequest, seen: SeenRequest, delivery: string): void {
  const { head } = seen
  assert.equal(seen.complete, !expected.begins, `whether the request is complete, ${delivery}`)
  if (expected.contentOctets !== null) assert.equal(seen.content.length, expected.contentOctets, `octets, ${delivery}`)
  else assert.equal(seen.content.toString('latin1'), expected.content.toString('latin1'), `content, ${delivery}`)
  assert.deepEqual(seen.trailers, expected.trailers, `trailers, ${delivery}`)
  for (const [name, value] of expected.fields) assert.equal(head.fields.get(name), value, `${name}, ${delivery}`)
  for (const part of ['path', 'query', 'authority'] as const) {
    if (expected[part] !== null) assert.equal(head[part], expected[part], `${part}, ${delivery}`)
  }
  if (!expected.begins) assert.equal(seen.persisted, !expected.closes, `persistence, ${delivery}`)
}

function checkEnd({ end, requests }: WireCase, { refusal, connection }: Dialogue, delivery: string): void {
  const found = refusal === null ? 'no refusal' : `${refusal.status} ${refusal.rule}`
  assert.equal(found, end?.kind === 'refusal' ? `${end.status} ${end.rule}` : 'no refusal', delivery)
  const closes = end?.kind === 'refusal' || requests.at(-1)?.closes === true
  assert.equal(connection.isClosed, closes, `whether the connection is closed, ${delivery}`)
}

/** Complete requests are still answered, and an incomplete one is refused. */
function checkHalfClose(wireCase: WireCase, dialogue: Dialogue, delivery: string): void {
  const before = dialogue.refusal
  dialogue.end()
  assert.isTrue(dialogue.isClosed, `whether the connection is closed, ${delivery}`)
  if (wireCase.end?.kind === 'waits') assert.equal(dialogue.refusal?.rule, 'incomplete', delivery)
  else assert.equal(dialogue.refusal, before, delivery)
}

/** The canary is read if the connection persists, and never otherwise. */
function checkCanary(wireCase: WireCase, { requests, refusal, afterwards }: Dialogue, delivery: string): void {
  const survives = wireCase.end?.kind !== 'refusal' && wireCase.requests.at(-1)?.closes !== true
  const canaries = requests.filter(({ head }) => head.target === '/canary')
  assert.equal(canaries.length, survives ? 1 : 0, `canaries, ${delivery}`)
  assert.equal(requests.length, wireCase.requests.length + canaries.length, `requests, ${delivery}`)
  assert.equal(refusal?.rule, wireCase.end?.kind === 'refusal' ? wireCase.end.rule : undefined, delivery)
  assert.isEmpty(afterwards, `the events after the refusal, ${delivery}`)
}
