import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { prefersText } from '../../../plugins/metrics/prefers-text.js'

const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
  'text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
  'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,' +
  'text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'

const cases: [accept: string | null, expected: boolean, rule: string][] = [
  [null, false, 'no field is content with JSON'],
  ['*/*', false, 'curl gets JSON'],
  [BROWSER, false, 'a browser gets JSON'],
  [PROMETHEUS_2, true, 'Prometheus 2 gets text'],
  [PROMETHEUS_3, true, 'Prometheus 3 gets text'],
  ['text/plain', true, 'text/plain gets text'],
  ['Text/Plain; Version=0.0.4', true, 'in any case'],
  ['text/*', true, 'text/* gets text'],
  ['application/openmetrics-text', true, 'OpenMetrics gets text'],
  ['application/json', false, 'application/json gets JSON'],
  ['application/json, text/plain', false, 'a tie gets JSON'],
  ['application/json;q=0.5, text/plain', true, 'the better liked wins'],
  ['application/json, text/plain;q=0.9', false, 'in both directions'],
  ['text/plain;q=0.5, */*;q=0.1', true, 'a wildcard does not outweigh'],
  ['text/plain;q=0.1, */*', false, 'the more specific range decides, liked or not'],
  ['text/plain;q=0', false, 'q=0 is a refusal'],
  ['text/plain;q=high', false, 'a weight that is no number asks for nothing'],
  ['text/html', false, 'what we do not have does not matter'],
  ['', false, 'an empty field asks for nothing'],
  [',;=,;q=,/', false, 'nonsense asks for nothing'],
]

describe('prefersText()', () => {
  for (const [accept, expected, rule] of cases) it(rule, () => assert.equal(prefersText(accept), expected))

  it('takes any field value', () => {
    const piece = fc.constantFrom('text/plain', '*/*', ';q=', '0.5', ',', ';', '"', ' ', 'x')
    fc.assert(fc.property(fc.array(piece), (pieces) => assert.isBoolean(prefersText(pieces.join('')))))
  })
})
