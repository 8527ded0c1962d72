import { assert } from 'chai'
import { describe, it } from 'mocha'
import { permittedTrailers } from '../../../src/domain/framing/trailers.js'
import { FieldSection, NO_FIELDS } from '../../../src/domain/message/field-section.js'

describe('permittedTrailers() (RFC 9110 §6.5.1)', () => {
  const dropped: [why: string, names: string[]][] = [
    [
      'they frame the message',
      ['Content-Length', 'Transfer-Encoding', 'Trailer', 'TE', 'Connection', 'Keep-Alive', 'Upgrade'],
    ],
    [
      'they route it',
      ['Host', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'Via', 'Max-Forwards'],
    ],
    [
      'they authenticate',
      ['Authorization', 'Proxy-Authorization', 'Cookie', 'Set-Cookie', 'WWW-Authenticate', 'Origin'],
    ],
    [
      'they describe the content',
      ['Content-Type', 'Content-Encoding', 'Content-Language', 'Content-Location', 'Content-Range'],
    ],
    [
      'they control the request',
      [
        'Expect',
        'Range',
        'If-Match',
        'If-None-Match',
        'If-Modified-Since',
        'If-Unmodified-Since',
        'If-Range',
        'Cache-Control',
        'Pragma',
      ],
    ],
  ]
  for (const [why, names] of dropped) {
    it(`drops fields that come too late, since ${why}`, () => {
      for (const name of names) assert.equal(permittedTrailers(FieldSection.of([[name, 'x']])).size, 0, name)
    })
  }

  it('keeps the others, in order', () => {
    const section = FieldSection.of([
      ['X-Checksum', '1'],
      ['Host', 'a'],
      ['Server-Timing', '2'],
      ['__proto__', '3'],
    ])
    assert.deepEqual(
      [...permittedTrailers(section)],
      [
        ['x-checksum', '1'],
        ['server-timing', '2'],
        ['__proto__', '3'],
      ],
    )
  })

  it('returns the empty section for an empty one', () =>
    assert.strictEqual(permittedTrailers(FieldSection.of([])), NO_FIELDS))
})
