import { flat } from '../octets/flat-string.js'
import { NumberedLines } from '../framing/numbered-lines.js'

const CLOSE = 'Connection: close\r\n'

/** The `Connection` and `Keep-Alive` lines of responses (RFC 9112 §9.3, §9.6; RFC 2068 §19.7.1.1). */
export class PersistenceLines {
  private readonly unbounded: string
  private readonly bounded: NumberedLines

  constructor(private readonly rules: { readonly maxRequests: number; readonly keepAliveSeconds: number }) {
    const line = `Connection: keep-alive\r\nKeep-Alive: timeout=${rules.keepAliveSeconds}`
    this.unbounded = flat(`${line}\r\n`)
    this.bounded = new NumberedLines(`${line}, max=`)
  }

  /**
   * The lines for one response, each ended by CRLF.
   *
   * @param persists whether the connection continues after the response
   * @param served number of requests on the connection so far
   */
  of(persists: boolean, served: number): string {
    if (!persists) return CLOSE
    const { maxRequests } = this.rules
    return maxRequests === 0 ? this.unbounded : this.bounded.of(maxRequests - served)
  }
}
