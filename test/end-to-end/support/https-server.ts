import type { CertificatePaths } from './certificate.js'
import { usualCertificate } from './certificate.js'
import { curl } from './curl.js'
import { TemporaryFolder } from './folder.js'
import { startServer, type RunningServer } from './server.js'

/** A request for a short response, after which the connection ends. */
export const LAST_REQUEST = 'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

const PLUGIN = `
import { bytes, text } from 'portico/plugin'
const big = Buffer.alloc(8 * 1024 * 1024, 'content ')
export default {
  name: 'probe',
  routes: {
    'GET /hello': () => text('hello\\n'),
    'GET /big': () => bytes(big),
    'GET /who': (request) => text(JSON.stringify(request.tls)),
    'POST /echo': async (request) => bytes(await request.bytes()),
  },
}
`

/** The part of the metrics that is about TLS. */
export interface TlsMetrics {
  readonly handshakes: Readonly<Record<string, number>>
  readonly inFlight: number
}

/** A server of HTTPS and of plain HTTP. */
export class HttpsServer {
  constructor(
    /** At its port for plain HTTP. */
    readonly server: RunningServer,
    readonly port: number,
  ) {}

  get origin(): string {
    return `https://127.0.0.1:${this.port}`
  }

  /** @param flags of curl */
  async metrics(...flags: readonly string[]): Promise<TlsMetrics> {
    const { response } = await curl([...flags, `${this.origin}/_metrics`])
    return (JSON.parse(response.content) as { tls: TlsMetrics }).tls
  }
}

/** Flags for settings below `tls`. */
export const tlsFlags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ['--set', `tls.${key}=${value}`])

/** The HTTPS servers of a test file, and the folder of their plugin and their certificates. */
export class HttpsServers {
  readonly folder = new TemporaryFolder({ 'plugins/probe.mjs': PLUGIN })
  private readonly started = new Map<string, Promise<HttpsServer>>()

  /** A server with the usual certificate. Calls with the same flags share it, so a test must not stop it. */
  usual(...flags: readonly string[]): Promise<HttpsServer> {
    return this.with(usualCertificate(), ...flags)
  }

  /** A server with a certificate. Calls with the same certificate and the same flags share it. */
  with({ certFile, keyFile }: CertificatePaths, ...flags: readonly string[]): Promise<HttpsServer> {
    const all = ['--cert-file', certFile, '--key-file', keyFile, '--plugins', `${this.folder.path}/plugins`, ...flags]
    const name = JSON.stringify(all)
    const server = this.started.get(name) ?? start(all)
    this.started.set(name, server)
    return server
  }

  async remove(): Promise<void> {
    await Promise.allSettled([...this.started.values()].map(async (each) => (await each).server.stop('SIGKILL')))
    this.folder.remove()
  }
}

async function start(flags: readonly string[]): Promise<HttpsServer> {
  const server = await startServer({ flags: ['--enable-tls', '--https-port', '0', ...flags] })
  const banner = /^portico listening on https:\S+:(\d+)$/m
  return new HttpsServer(server, Number(await server.program.printed('stderr', (text) => banner.exec(text)?.[1])))
}
