import { usualCertificate, type CertificatePaths } from './certificate.js'
import { currentEngine, isSecure } from './engines.js'
import { Program, type Exit, type ProgramOptions } from './program.js'
import { RawClient } from './raw-client.js'

export interface ServerOptions extends ProgramOptions {
  /** Beside `--port 0 --log-format json` and the engine that the tests are about, which a later flag of the same name overrides. */
  readonly flags?: readonly string[]
}

/** One line of the log: an access line has `target`, an event line has `event`. */
export type LogLine = Readonly<Record<string, unknown>>

/** A server in a process of its own, that listens. */
export class RunningServer {
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

  /** The lines of its JSON log up to now, in order. */
  logLines(): LogLine[] {
    return linesOf(this.program.stdout)
  }

  /** Waits for the first line of its JSON log for which the condition holds. */
  logLine(holds: (line: LogLine) => boolean): Promise<LogLine> {
    return this.program.said('stdout', (text) => linesOf(text).find(holds))
  }

  /** Waits for the access line of the response that carried this request id. */
  accessLine(requestId: string): Promise<LogLine> {
    return this.logLine((line) => line['request'] === requestId && 'target' in line)
  }

  /** Drains it, and waits until it is gone. One that is gone already is left in peace. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.program.kill(signal)
    return this.program.ending()
  }
}

/**
 * Starts a server on a free port of the loopback interface and waits until it listens.
 *
 * @throws {Error} with what it said, when it ends instead
 */
export async function startServer({ flags = [], ...options }: ServerOptions = {}): Promise<RunningServer> {
  const secured = isSecure() ? securely(usualCertificate()) : []
  const usual = ['--port', '0', '--log-format', 'json', '--engine', currentEngine(), ...secured]
  const program = new Program([...usual, ...flags], options)
  const banner = /^portico listening on (https?):\/\/\S+:(\d+)$/m
  const [, scheme, port] = await program.said('stderr', (text) => banner.exec(text))
  return new RunningServer(program, Number(port), scheme!)
}

/** HTTPS, and nothing else. */
function securely({ certFile, keyFile }: CertificatePaths): string[] {
  const files = ['--cert-file', certFile, '--key-file', keyFile]
  return ['--enable-tls', '--https-port', '0', '--set', 'tls.only=true', ...files]
}

/** Whole lines only: the last may still be on its way. */
function linesOf(text: string): LogLine[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine)
}
