import { join } from 'node:path'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { commandLine } from '../../../src/app/cli/command-line.js'
import type { CertificateOptions, MakeCertificate } from '../../../src/ports/tools/development-certificate.js'
import { FakeSettings } from '../../fakes/settings.js'
import { idleParts } from './idle-parts.js'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly orders: readonly CertificateOptions[]
  /** How often settings were loaded. */
  readonly loads: number
}

const made: MakeCertificate = async ({ directory }) => ({
  certFile: join(directory, 'cert.pem'),
  keyFile: join(directory, 'key.pem'),
  expires: new Date('2031-02-03T04:05:06Z'),
})

/** Runs the program with these arguments, in this process. No file is made. */
async function run(words: readonly string[], make = made, settings = new FakeSettings()): Promise<Run> {
  const printed = { out: '', err: '' }
  const orders: CertificateOptions[] = []
  const program = commandLine({
    ...idleParts(),
    settings,
    makeCertificate: (options) => {
      orders.push(options)
      return make(options)
    },
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  })
  const code = await program(words, { PORT: 'not read' })
  return { code, ...printed, orders, loads: settings.requests.length }
}

const cert = (...words: string[]): Promise<Run> => run(['cert', ...words])

const namesOf = ({ orders }: Run): string[] => orders[0]!.names.map(({ form, text }) => `${form} ${text}`)

describe('portico cert', () => {
  it('makes a pair in certs/ for the names of this machine', async () => {
    const asked = await cert()
    assert.equal(asked.orders[0]!.directory, 'certs')
    assert.deepEqual(namesOf(asked), ['dns localhost', 'ip 127.0.0.1', 'ip ::1'])
  })

  it('--dir names another folder', async () => {
    assert.equal((await cert('--dir', 'some/where')).orders[0]!.directory, 'some/where')
  })

  it('--host adds names, wildcards and addresses before them', async () => {
    const asked = await cert('--host', 'App.test', '--host', '*.app.test', '--host=192.168.1.5', '--host', '::2')
    assert.deepEqual(namesOf(asked), [
      'dns app.test',
      'dns *.app.test',
      'ip 192.168.1.5',
      'ip ::2',
      'dns localhost',
      'ip 127.0.0.1',
      'ip ::1',
    ])
  })

  it('prints the files, the names, the expiry date, and the commands that use them', async () => {
    const { code, out, err } = await cert('--host', 'app.test')
    assert.deepEqual({ code, err }, { code: 0, err: '' })
    assert.equal(
      out,
      [
        'Wrote certs/cert.pem and certs/key.pem',
        '  for      app.test, localhost, 127.0.0.1, ::1',
        '  expires  2031-02-03',
        'To serve HTTPS with it, and send a request:',
        '  portico --enable-tls --cert-file certs/cert.pem --key-file certs/key.pem',
        '  curl --cacert certs/cert.pem https://localhost:8443/',
        '',
      ].join('\n'),
    )
  })

  it('quotes the printed commands for the shell', async () => {
    const { out } = await cert('--dir', "it's mine")
    assert.include(out, String.raw`--cert-file 'it'\''s mine/cert.pem' --key-file 'it'\''s mine/key.pem'` + '\n')
    assert.include(out, String.raw`curl --cacert 'it'\''s mine/cert.pem' https`)
  })

  it('exits 1 with the reason when the pair cannot be made', async () => {
    const { code, out, err } = await run(['cert'], async () => {
      throw new Error('Cannot write "certs/key.pem": found a file')
    })
    assert.deepEqual(
      { code, out, err },
      { code: 1, out: '', err: 'portico: Cannot write "certs/key.pem": found a file\n' },
    )
  })

  it('does not load settings, which may be invalid', async () => {
    const { code, loads } = await cert()
    assert.deepEqual([code, loads], [0, 0])
  })

  it('--help lists its own flags and no others', async () => {
    for (const words of [
      ['cert', '--help'],
      ['help', 'cert'],
    ]) {
      const { code, out } = await run(words)
      assert.equal(code, 0)
      assert.match(out, /^Usage: portico cert .*[^]*^ {2}--dir <DIR> .*default: certs[^]*^ {2}--host <NAME> .*\*?/m)
      assert.notMatch(out, /--port|--config|--set/)
    }
  })

  describe('exits 2 and makes nothing for', () => {
    const cases: [words: string[], line: RegExp, rule: string][] = [
      [
        ['--host', 'a b'],
        /--host <NAME>' argument 'a b' is invalid\. Wanted a name such as app\.test/,
        'a malformed name',
      ],
      [['--host', 'app.test:8443'], /without a port or brackets/, 'a name with a port'],
      [['--host', 'app.test', '--host', ''], /argument '' is invalid/, 'an empty name after a valid one'],
      [['--host', '*.test'], /Wanted a wildcard such as \*\.app\.test/, 'a wildcard that is too wide'],
      [['--host'], /'--host <NAME>' argument missing/, 'a flag without its value'],
      [['--dir', ''], /argument '' is invalid\. Wanted a folder/, 'an empty folder'],
      [['certs'], /too many arguments/, 'an argument'],
      [['--hots', 'a'], /unknown option '--hots' \(Did you mean --host\?\)/, 'an unknown flag'],
      [['--port', '80'], /unknown option '--port'/, 'a flag of the server'],
    ]
    for (const [words, line, rule] of cases) {
      it(`${rule}: ${words.join(' ')}`, async () => {
        const { code, out, err, orders } = await cert(...words)
        assert.deepEqual([code, out, orders.length], [2, '', 0])
        assert.match(err, /^portico: Cannot read the command line: .*\nFor help: portico --help\n$/)
        assert.match(err, line)
      })
    }

    for (const flag of ['--port', '--set', '--config']) {
      it(`a flag of the server before the command: ${flag}`, async () => {
        const { code, err, orders } = await run([flag, 'port=1'.slice(flag === '--port' ? 5 : 0), 'cert'])
        assert.deepEqual([code, orders.length], [2, 0])
        assert.include(err, `flag ${flag} does not apply to cert (see portico cert --help)`)
      })
    }
  })
})
