import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { assert } from 'chai'
import { after, before, it } from 'mocha'
import { usualCertificate } from './support/certificate.js'
import { describeNeeding } from './support/needing.js'
import { startServer, type RunningServer } from './support/server.js'

/** The attributes of all elements with a name. */
const elements = (xml: string, name: string): Record<string, string>[] =>
  [...xml.matchAll(new RegExp(`<${name}((?: [\\w]+="[^"]*")*) */>`, 'g'))].map(([, attributes]) =>
    Object.fromEntries([...attributes!.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!])),
  )

describeNeeding('sslscan')('HTTPS, tested with sslscan,', () => {
  let server: RunningServer
  let report: string

  before(async () => {
    const { certFile, keyFile } = usualCertificate()
    const files = ['--cert-file', certFile, '--key-file', keyFile]
    server = await startServer({ flags: ['--enable-tls', '--https-port', '0', '--set', 'tls.only=true', ...files] })
    const { stdout } = await promisify(execFile)('sslscan', ['--xml=-', `127.0.0.1:${server.port}`])
    report = stdout
  })
  after(() => server.stop('SIGKILL'))

  it('speaks TLS 1.2 and 1.3, and no earlier version', () => {
    const spoken = elements(report, 'protocol').filter(({ enabled }) => enabled === '1')
    assert.deepEqual(
      spoken.map(({ version }) => version),
      ['1.2', '1.3'],
    )
    assert.lengthOf(elements(report, 'protocol'), 6)
  })

  it('has only suites that are forward secret and authenticated', () => {
    const suites = elements(report, 'cipher').map(({ cipher }) => cipher!)
    assert.lengthOf(suites, 6)
    for (const each of suites) assert.match(each, /^(?:TLS_|ECDHE-ECDSA-).*(?:GCM|POLY1305)/)
  })

  it('does not renegotiate, and is not vulnerable to Heartbleed', () => {
    assert.deepEqual(elements(report, 'renegotiation'), [{ supported: '0', secure: '0' }])
    for (const { vulnerable } of elements(report, 'heartbleed')) assert.equal(vulnerable, '0')
  })

  it('uses only curves of 128 bits or more', () => {
    const groups = elements(report, 'group')
    assert.isNotEmpty(groups)
    for (const { bits } of groups) assert.isAtLeast(Number(bits), 128)
  })
})
