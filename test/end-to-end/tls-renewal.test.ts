import { copyFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import type { CertificatePaths } from './support/certificate.js'
import { makeCertificate } from './support/certificates.js'
import { get } from '../wire/requests.js'
import { TemporaryFolder } from './support/folder.js'
import type { RawClient } from './support/raw-client.js'
import { startServer, type RunningServer } from './support/server.js'
import { eventually, within } from '../support/waiting.js'

/** The names of the certificates. */
const NAMES = ['one.test', 'two.test']

const RELOADS = 1000
const PEERS = 3
const PAUSE_MS = 5

describe('renewal of certificates', () => {
  const folder = new TemporaryFolder()
  const served: CertificatePaths = { certFile: `${folder.path}/served.pem`, keyFile: `${folder.path}/served.key` }
  let pairs: CertificatePaths[]
  let expired: CertificatePaths
  let server: RunningServer
  let httpsPort: number

  before(() => {
    pairs = NAMES.map((name) => makeCertificate(folder, name, { names: [name] }))
    const validity = ['20200101000000Z', '20200201000000Z'] as const
    expired = makeCertificate(folder, 'expired', { names: ['expired.test'], validity })
  })
  afterEach(() => server.stop('SIGKILL'))
  after(() => folder.remove())

  function put({ certFile, keyFile }: CertificatePaths): void {
    for (const [from, to] of [
      [certFile, served.certFile],
      [keyFile, served.keyFile],
    ] as const) {
      copyFileSync(from, `${to}.new`)
      renameSync(`${to}.new`, to)
    }
  }

  async function start(...flags: string[]): Promise<void> {
    put(pairs[0]!)
    const files = ['--cert-file', served.certFile, '--key-file', served.keyFile]
    server = await startServer({ flags: ['--enable-tls', '--https-port', '0', ...files, ...flags] })
    const banner = /^portico listening on https:\S+:(\d+)$/m
    httpsPort = Number(await server.program.printed('stderr', (text) => banner.exec(text)?.[1]))
  }

  /** Sends a request on a new connection. Returns the name in the server's certificate. */
  async function ask(): Promise<string> {
    const socket = connect({ port: httpsPort, host: '127.0.0.1', rejectUnauthorized: false })
    const answered = new Promise<string>((resolve, reject) => {
      let text = ''
      socket
        .on('error', reject)
        .on('close', () => reject(new Error(`Cannot read a response: found ${JSON.stringify(text)}`)))
      socket.on('data', (octets: Buffer) => {
        text += octets.toString('latin1')
        if (text.endsWith('Hello from Portico!\n')) resolve(String(socket.getPeerCertificate().subject.CN))
      })
    })
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    try {
      return await within(answered, () => 'a response over TLS')
    } finally {
      socket.destroy()
    }
  }

  /** Sends enough requests to reach each worker. */
  const askAll = (): Promise<string[]> => Promise.all(Array.from({ length: 8 }, ask))

  const showsOnly = (name: string) => async (): Promise<boolean> => (await askAll()).every((each) => each === name)

  async function renewals(client: RawClient | null = null): Promise<{ done: number; refused: number }> {
    const asking = client ?? (await server.connect())
    asking.send(get('/_metrics'))
    const { content } = await asking.response()
    if (client === null) asking.close()
    return (JSON.parse(content) as { workers: { renewals: { done: number; refused: number } } }).workers.renewals
  }

  for (const workers of ['1', '2']) {
    it(`needs no restart with ${workers} worker${workers === '1' ? '' : 's'}`, async () => {
      await start('--workers', workers)
      assert.isTrue(await showsOnly('one.test')())
      put(pairs[1]!)
      await eventually('the new certificate is in use', showsOnly('two.test'))
      assert.equal((await renewals()).done, 1)
    })
  }

  it('refuses files that are half-written, do not fit or have expired, and logs why; the old certificate stays', async () => {
    await start('--set', 'tls.watchIntervalMs=50')
    const broken: [what: string, spoil: () => void, reason: RegExp][] = [
      [
        'half a certificate',
        () => writeFileSync(served.certFile, '-----BEGIN CERTIFICATE-----\nMIIB'),
        /holds no certificate/,
      ],
      ['an empty file', () => writeFileSync(served.certFile, ''), /holds no certificate/],
      [
        'the key of another certificate',
        () => put({ ...pairs[0]!, keyFile: pairs[1]!.keyFile }),
        /belongs to another certificate/,
      ],
      ['an expired certificate', () => put(expired), /which expired 2020-02-01/],
    ]
    for (const [at, [what, spoil, reason]] of broken.entries()) {
      spoil()
      const refused = (): object[] => server.logLines().filter(({ event }) => event === 'certificates refused')
      await eventually(`${what} is refused`, async () => refused().length > at)
      assert.match(JSON.stringify(refused()[at]), reason)
      assert.isTrue(await showsOnly('one.test')())
    }
    assert.deepEqual(await renewals(), { done: 0, refused: broken.length })
    put(pairs[1]!)
    await eventually('the new certificate is in use', showsOnly('two.test'))
  })

  it('happens at once on SIGHUP if the files are not watched', async () => {
    await start('--set', 'tls.watchIntervalMs=0')
    put(pairs[1]!)
    await setTimeout(500)
    assert.isTrue(await showsOnly('one.test')())
    server.program.kill('SIGHUP')
    await eventually('the new certificate is in use', showsOnly('two.test'))
  })

  it(`does not fail a handshake or a request in ${RELOADS} reloads`, async function () {
    this.timeout(300_000)
    await start('--set', 'tls.watchIntervalMs=0', '--set', 'log.access=false', '--set', 'maxKeepAliveRequests=0')
    const client = await server.connect()
    const seen = new Map<string, number>()
    let isOver = false
    const peers = Array.from({ length: PEERS }, async () => {
      while (!isOver) {
        const name = await ask()
        seen.set(name, (seen.get(name) ?? 0) + 1)
        // Handshakes without a pause would leave the server no processor time for its reloads.
        await setTimeout(PAUSE_MS)
      }
    })
    for (let reload = 1; reload <= RELOADS; reload++) {
      put(pairs[reload % 2]!)
      server.program.kill('SIGHUP')
      await eventually(`reload ${reload} is done`, async () => (await renewals(client)).done >= reload)
    }
    isOver = true
    client.close()
    await Promise.all(peers)
    assert.includeMembers([...seen.keys()], NAMES)
    assert.deepEqual(await renewals(), { done: RELOADS, refused: 0 })
  })
})
