import { usualCertificate, type CertificatePaths } from './certificate.js'
import { currentEngine, isSecure } from './engines.js'
import { Program, type Exit, type ProgramOptions } from './program.js'
import { RawClient } from './raw-client.js'

export interface ServerOptions extends ProgramOptions {
  /** Flags after `--port 0 --log-format json` and the engine under test; a later flag of the same name takes effect. */
  readonly flags?: readonly string[]
}

/** A line of the JSON log: an access line has `target`, an event line has `event`. */
export type LogLine = Readonly<Record<string, unknown>>

/** A server that listens, in its own process. */
export class RunningServer {
  private readonly parsed: LogLine[] = []
  /** The length of the output that `parsed` covers. */
  private parsedLength = 0

  constructor(
    readonly program: Program,
    readonly port: number,
    private readonly scheme: string,
  ) {}

  get origin(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`
  }

  get isSecure(): boolean {
    return this.scheme === 'https'
  }

  connect(): Promise<RawClient> {
    return this.isSecure ? RawClient.connectSecurely(this.port) : RawClient.connect(this.port)
  }

  /** The lines of its JSON log so far, in order. */
  logLines(): readonly LogLine[] {
    const { stdout } = this.program
    // The last line may be incomplete.
    const end = stdout.lastIndexOf('\n') + 1
    for (const line of stdout.slice(this.parsedLength, end).split('\n')) {
      if (line !== '') this.parsed.push(JSON.parse(line) as LogLine)
    }
    this.parsedLength = end
    return this.parsed
  }

  /** Waits for the first line of its JSON log for which a condition holds. */
  logLine(holds: (line: LogLine) => boolean): Promise<LogLine> {
    let seen = 0
    return this.program.printed('stdout', () => {
      const lines = this.logLines()
      const found = lines.slice(seen).find(holds)
      seen = lines.length
      return found
    })
  }

  /** Waits for the access line of the response with a request id. */
  accessLine(requestId: string): Promise<LogLine> {
    return this.logLine((line) => line['request'] === requestId && 'target' in line)
  }

  /** Sends it a signal, which starts a drain by default, and waits for its end. Does nothing when it has ended already. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.program.kill(signal)
    return this.program.ending()
  }
}

/**
 * Starts a server on a free port of the loopback interface, and waits until it listens.
 *
 * @throws {Error} with its standard error, when it ends instead
 */
export async function startServer({ flags = [], ...options }: ServerOptions = {}): Promise<RunningServer> {
  const secured = isSecure() ? httpsOnly(usualCertificate()) : []
  const usual = ['--port', '0', '--log-format', 'json', '--engine', currentEngine(), ...secured]
  const program = new Program([...usual, ...flags], options)
  const banner = /^portico listening on (https?):\/\/\S+:(\d+)$/m
  const [, scheme, port] = await program.printed('stderr', (text) => banner.exec(text))
  return new RunningServer(program, Number(port), scheme!)
}

function httpsOnly({ certFile, keyFile }: CertificatePaths): string[] {
  const files = ['--cert-file', certFile, '--key-file', keyFile]
  return ['--enable-tls', '--https-port', '0', '--set', 'tls.only=true', ...files]
}
